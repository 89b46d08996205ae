//! Passwords: what is accepted, and how they are kept.
//!
//! Length is the only rule of composition (NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5.0, 6.2.5). A password is
//! normalised to NFC and otherwise kept exactly as it came: no trimming, no case folding, no truncation.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self,
        phc::{self, Output, PasswordHash, Salt},
    },
};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

use crate::{EmailAddress, Invalid, PersonName, names::fold};

/// A password as it came in, in NFC. Never shown, never stored.
#[derive(Clone)]
pub struct Password(String); // Invariant: NFC, at most MAX_CHARS code points.

impl Password {
    /// Longer ones are refused before they are hashed.
    pub const MAX_CHARS: usize = 256;

    /// Takes what was typed, to be compared or judged by a [`Policy`].
    pub fn typed(text: &str) -> Result<Self, Invalid> {
        // What is far too long is not worth normalising to its end.
        let text: String = text.nfc().take(Self::MAX_CHARS + 1).collect();
        if text.chars().count() > Self::MAX_CHARS {
            return Err(Invalid(format!("A password has at most {} characters.", Self::MAX_CHARS)));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password that the server makes: 100 random bits in groups of four letters and digits, none of which is easily
/// taken for another.
///
/// # Panics
///
/// Never: the alphabet has as many letters as five bits have values.
pub fn temporary(random: [u8; 20]) -> String {
    // Crockford's Base32 without what can be mistaken (i, l, o, u), in lower case.
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let letters = random.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What a new password must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// In code points.
    pub min_length: u16,
}

/// What a password may not be built from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    pub email: Option<&'a EmailAddress>,
    pub name: Option<&'a PersonName>,
    pub company: Option<&'a str>,
}

impl Policy {
    /// Judges a new password; a refusal tells the reason.
    pub fn check(self, password: &Password, context: Context<'_>) -> Result<(), Invalid> {
        let min = usize::from(self.min_length);
        if password.0.chars().count() < min {
            return Err(Invalid(format!("Use at least {min} characters; a few unrelated words are easy to remember.")));
        }
        let folded = fold(&password.0);
        let words = context.words();
        if let Some(word) = built_from(&folded, &words) {
            return Err(Invalid(format!("Do not build the password from “{word}”: it is easy to guess.")));
        }
        let known: Vec<&str> = words.iter().map(String::as_str).collect();
        let strength = zxcvbn::zxcvbn(&password.0, &known);
        if strength.score() < WEAKEST_ACCEPTED {
            let reason =
                strength.feedback().and_then(zxcvbn::feedback::Feedback::warning).map(|warning| warning.to_string());
            let reason = reason.unwrap_or_else(|| "This is among the first that are tried.".to_owned());
            return Err(Invalid(format!("This password is easy to guess. {reason}")));
        }
        Ok(())
    }
}

/// On zxcvbn's scale this takes 10^8 guesses: common passwords, keyboard walks, repeats and dates stay below it.
const WEAKEST_ACCEPTED: zxcvbn::Score = zxcvbn::Score::Three;

impl Context<'_> {
    /// The folded words of four letters and more that a guesser would try first, the longest first.
    fn words(self) -> Vec<String> {
        let email = self.email.map(|email| fold(email.local_part()));
        let name = self.name.map(|name| fold(name.as_str()));
        let company = self.company.map(fold);
        let mut words: Vec<String> = [email, name, company, Some("roster".to_owned())]
            .into_iter()
            .flatten()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>())
            .filter(|word| word.chars().count() >= 4)
            .collect();
        words.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        words.dedup();
        words
    }
}

/// The first of `words` in `password`, if little is left of it without all of them.
fn built_from<'a>(password: &str, words: &'a [String]) -> Option<&'a str> {
    let mut found = words.iter().map(String::as_str).filter(|word| password.contains(word));
    let rest = words.iter().fold(password.to_owned(), |rest, word| rest.replace(word, " "));
    found.next().filter(|_| rest.chars().filter(|c| c.is_alphabetic()).count() < 6)
}

/// A stored password: an argon2id hash as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword(String);

impl StoredPassword {
    /// What was stored before.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    pub fn as_phc(&self) -> &str {
        &self.0
    }

    /// Whether it was made with weaker parameters than those of today, so that the next sign-in makes it anew.
    pub fn is_outdated(&self) -> bool {
        let stored = PasswordHash::new(&self.0).ok().and_then(|hash| Params::try_from(&hash).ok());
        stored.is_none_or(|stored| stored.m_cost() < MEMORY_KIB || stored.t_cost() < PASSES)
    }
}

impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPassword(..)")
    }
}

/// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const HASH_BYTES: usize = 32;

/// Hashes passwords, one at a time. It keeps its work memory: that halves the time of a hash, and a process that
/// allocated it anew for each would hold 300 MB after a hundred.
pub struct Hasher {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
}

impl Default for Hasher {
    fn default() -> Self {
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(HASH_BYTES)).unwrap_or_default();
        Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), memory: Vec::new() }
    }
}

impl Hasher {
    pub fn hash(&mut self, password: &Password, salt: [u8; 16]) -> Result<StoredPassword, HashError> {
        let output = self.run(&self.argon2.clone(), password, &salt)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: self.argon2.params().try_into()?,
            salt: Some(Salt::new(&salt)?),
            hash: Some(Output::new(&output)?),
        };
        Ok(StoredPassword(hash.to_string()))
    }

    /// Whether `password` is the stored one. Without a stored one the same work is done, and the answer is no.
    pub fn verify(&mut self, password: &Password, stored: Option<&StoredPassword>) -> Result<bool, HashError> {
        let Some(stored) = stored else {
            self.run(&self.argon2.clone(), password, &[0; 16])?;
            return Ok(false);
        };
        let stored = PasswordHash::new(&stored.0)?;
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
            return Err(HashError::Incomplete);
        };
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::try_from(&stored)?);
        let output = self.run(&argon2, password, &salt)?;
        Ok(output.ct_eq(expected.as_bytes()).into())
    }

    fn run(&mut self, argon2: &Argon2<'_>, password: &Password, salt: &[u8]) -> Result<[u8; HASH_BYTES], HashError> {
        let blocks = argon2.params().block_count();
        self.memory.resize(self.memory.len().max(blocks), Block::default());
        let mut output = [0; HASH_BYTES];
        argon2.hash_password_into_with_memory(password.0.as_bytes(), salt, &mut output, &mut self.memory[..blocks])?;
        Ok(output)
    }
}

/// A hash that could not be made or read: a fault of ours, never of the password.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    #[error("argon2: {0}")]
    Argon2(#[from] argon2::Error),
    #[error("stored hash: {0}")]
    Phc(#[from] phc::Error),
    #[error("hash parameters: {0}")]
    Parameters(#[from] password_hash::Error),
    #[error("a stored hash lacks salt or output")]
    Incomplete,
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { min_length: 12 };

    fn judge(password: &str) -> Result<(), Invalid> {
        let email = "lovelace@example.com".parse().ok();
        let name = "Ada King".parse().ok();
        let context = Context { email: email.as_ref(), name: name.as_ref(), company: Some("Engines & Co") };
        POLICY.check(&Password::typed(password)?, context)
    }

    #[test]
    fn length_and_being_hard_to_guess_are_the_only_rules() {
        for password in [
            "kvxqzwplmtru",
            "correct horse battery staple",
            "ёжик гуляет в тумане",
            "山高水長風清月白日出東方",
            "  spaces at both ends  ",
            &"xK9$".chars().chain("pQ2#vR7!mZ4@".chars()).collect::<String>(),
        ] {
            assert_eq!(judge(password), Ok(()), "{password:?}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused_with_a_reason() {
        for password in [
            "short",
            "elevenchars",
            "password1234",
            "passwordpassword",
            "qwertyuiop123",
            "aaaaaaaaaaaaaaaa",
            "123456789012345",
            "abcdefghijklmnop",
            "Lovelace-2024!!",
            "lovelacelovelace12345",
            "engines2024engines",
            "lovelace.at.engines",
            "roster2024roster",
            &".E".repeat(30),
            &"qwertyuiop".repeat(12),
        ] {
            assert!(judge(password).is_err(), "{password:?}");
        }
    }

    /// Of those that are found most often where passwords were leaked, the ones that are long enough.
    #[test]
    fn what_is_tried_first_is_refused_however_long() {
        for password in [
            "1234567890123456",
            "123123123123",
            "111111111111",
            "123456123456",
            "123456789abc",
            "1234567890qwerty",
            "1q2w3e4r5t6y",
            "1q2w3e4r5t6y7u8i",
            "1qaz2wsx3edc",
            "1qaz2wsx3edc4rfv",
            "1qazxsw23edc",
            "abcd1234abcd1234",
            "abcdefghijkl",
            "administrator",
            "administrator1",
            "asdfghjkl123",
            "asdfghjkl;'123",
            "changeme1234",
            "dragondragon",
            "football1234",
            "iloveyou1234",
            "iloveyouiloveyou",
            "letmein12345",
            "letmeinletmein",
            "michael12345",
            "monkeymonkey",
            "p@ssw0rd1234",
            "p@ssw0rdp@ssw0rd",
            "passw0rd1234",
            "password12345678",
            "password2024!",
            "Password1234!",
            "Passwort1234",
            "princess1234",
            "q1w2e3r4t5y6",
            "qazwsxedcrfv",
            "qwer1234qwer1234",
            "qwertyqwerty",
            "qwertyuiop[]",
            "qwertyuiopasdfgh",
            "qwertyuiopasdfghjkl",
            "starwars1234",
            "superman1234",
            "welcome12345",
            "welcomewelcome",
            "zaq12wsxcde3",
            "zxcvbnmasdfghjkl",
        ] {
            assert!(judge(password).is_err(), "{password:?}");
        }
    }

    #[test]
    fn length_counts_code_points_of_the_composed_form() {
        assert!(judge("ü🦀q7ж山vkx4m").is_err(), "eleven");
        assert_eq!(judge("ü🦀q7ж山vkx4mz"), Ok(()), "twelve");
        assert!(Password::typed(&"é".repeat(256)).is_ok());
        assert!(Password::typed(&"e\u{301}".repeat(256)).is_ok(), "composed, it is 256 long");
        assert!(Password::typed(&"é".repeat(257)).is_err());
    }

    #[test]
    fn temporary_passwords_are_five_groups_of_four_and_hard_to_guess() {
        let made = temporary(std::array::from_fn(|n| u8::try_from(n * 37 % 256).unwrap()));
        assert_eq!(made.len(), 24);
        assert!(made.split('-').all(|group| group.len() == 4), "{made}");
        assert_eq!(judge(&made), Ok(()));
    }

    #[test]
    fn a_password_is_verified_as_a_whole() {
        let mut hasher = Hasher::default();
        let typed = |text: &str| Password::typed(text).unwrap();
        let long = format!("{} Straße", "x".repeat(100));
        let stored = hasher.hash(&typed(&long), [3; 16]).unwrap();

        assert!(stored.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!stored.is_outdated());
        assert!(hasher.verify(&typed(&long), Some(&stored)).unwrap());
        let others = [
            &long[..long.len() - 1],
            &format!("{long} "),
            &format!("{long}\0more"),
            &long.to_uppercase(),
            &long.replacen('x', "y", 1),
            &long.replace("Straße", "Strafe"),
        ];
        for other in others {
            assert!(!hasher.verify(&typed(other), Some(&stored)).unwrap(), "{other:?}");
        }
        assert!(!hasher.verify(&typed(&long), None).unwrap());
    }

    #[test]
    fn the_same_text_in_another_composition_is_the_same_password() {
        let mut hasher = Hasher::default();
        let stored = hasher.hash(&Password::typed("Ju\u{308}rgen isst Äpfel").unwrap(), [3; 16]).unwrap();
        assert!(hasher.verify(&Password::typed("J\u{fc}rgen isst A\u{308}pfel").unwrap(), Some(&stored)).unwrap());
    }

    #[test]
    fn weaker_hashes_of_earlier_days_still_verify_and_are_called_outdated() {
        // Made by the reference implementation: argon2-cffi, hash_secret(b"password", b"somesalt", 1, 4096, 1, 32, ID).
        let stored = StoredPassword::from_phc(
            "$argon2id$v=19$m=4096,t=1,p=1$c29tZXNhbHQ$yIW3jKhc46JgZ3FAcoGEowrd6vyP/WTSy/wUREAmlwc".to_owned(),
        );

        assert!(Hasher::default().verify(&Password::typed("password").unwrap(), Some(&stored)).unwrap());
        assert!(stored.is_outdated());
    }

    #[test]
    fn a_hash_is_outdated_that_took_less_memory_or_fewer_passes_than_today() {
        let is_outdated = |params: &str| {
            let hash = "c29tZXNhbHQ$yIW3jKhc46JgZ3FAcoGEowrd6vyP/WTSy/wUREAmlwc";
            StoredPassword::from_phc(format!("$argon2id$v=19${params},p=1${hash}")).is_outdated()
        };
        assert!(is_outdated("m=19455,t=2") && is_outdated("m=19456,t=1"));
        assert!(!is_outdated("m=19456,t=2") && !is_outdated("m=19457,t=3"));
        assert!(StoredPassword::from_phc("no hash".to_owned()).is_outdated());
    }

    #[test]
    fn nothing_of_a_password_shows_in_debug_output() {
        let (typed, stored) = (Password::typed("secret").unwrap(), StoredPassword::from_phc("$argon2id$".to_owned()));
        assert_eq!(format!("{typed:?} {stored:?}"), "Password(..) StoredPassword(..)");
    }

    #[test]
    fn a_word_of_ones_own_is_fine_beside_six_letters_of_something_else() {
        assert_eq!(judge("lovelace kvxqzw"), Ok(()));
        let refused = judge("lovelace kvxqz 8254").unwrap_err();
        assert!(refused.0.contains("“lovelace”"), "{refused}");
        let (short, context) = (Password::typed("ada kvxqz 8254").unwrap(), Context::default());
        assert_eq!(POLICY.check(&short, context), Ok(()));
        assert_eq!(built_from("king kvxqz", &["lovelace".to_owned(), "king".to_owned()]), Some("king"));
        assert_eq!(built_from("kvxqz", &["king".to_owned()]), None);
    }
}
