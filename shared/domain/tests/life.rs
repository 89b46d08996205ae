//! The life of a user, step by step at random: whatever people do in whatever order, and however long it takes, the
//! rules say of invite, links, sessions and pauses what a little model says that knows only what happened.

#![expect(clippy::unwrap_used, reason = "what helps a test fails it")]

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};
use roster_domain::{
    ApiKeyId, AppRoles, Caller, Error, MailId, Role, SessionId, Status, User, UserId,
    access::Credential,
    attempts::{Attempts, Failures},
    invites::{Invite, MAX_LINKS},
    resets::PasswordReset,
    sessions::Session,
    settings::SecuritySettings,
    tokens::{Secret, SecretHash},
    users::{Edit, Profile, Suspension},
};

/// What happens. Times are in minutes; what stands for one of several is taken modulo their number.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    /// What runs on a schedule.
    NoteWhatEnded,
    Mail,
    Renew {
        hours: u16,
    },
    Accept {
        link: usize,
    },
    Suspend {
        for_minutes: Option<i64>,
    },
    Reactivate,
    SignIn,
    Use {
        session: usize,
    },
    EndSessions,
    MailReset,
    Reset {
        link: usize,
    },
    Move,
    WrongPassword,
    RightPassword,
    Unlock,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![0..3_i64, 0..70_i64, 0..1_600_i64, 0..12_000_i64].prop_map(Step::Wait),
        1 => Just(Step::NoteWhatEnded),
        2 => Just(Step::Mail),
        1 => (1..200_u16).prop_map(|hours| Step::Renew { hours }),
        3 => any::<usize>().prop_map(|link| Step::Accept { link }),
        1 => prop::option::of(1..3_000_i64).prop_map(|for_minutes| Step::Suspend { for_minutes }),
        1 => Just(Step::Reactivate),
        3 => Just(Step::SignIn),
        3 => any::<usize>().prop_map(|session| Step::Use { session }),
        1 => Just(Step::EndSessions),
        2 => Just(Step::MailReset),
        1 => any::<usize>().prop_map(|link| Step::Reset { link }),
        1 => Just(Step::Move),
        6 => Just(Step::WrongPassword),
        1 => Just(Step::RightPassword),
        1 => Just(Step::Unlock),
    ]
}

/// What the rules work on, as an installation would keep it.
struct Rules {
    user: User,
    invite: Option<Invite>,
    links: Vec<SecretHash>,
    sessions: Vec<(Session, SecretHash)>,
    resets: Vec<(PasswordReset, SecretHash)>,
    attempts: Attempts,
    admin: Caller,
    random: u8,
}

/// What happened, and nothing of why it matters.
struct Model {
    now: i64,
    invite_ends: Option<i64>,
    /// Whether each link was replaced.
    links: Vec<bool>,
    /// The end of a suspension; that of an endless one is never.
    suspended_until: Option<i64>,
    /// When each began, and was used last; whether something ended it.
    sessions: Vec<(i64, i64, bool)>,
    /// When each link was mailed, and whether something voided it.
    resets: Vec<(i64, bool)>,
    /// When the wrong passwords came that count.
    wrong: Vec<i64>,
}

const FREE_ATTEMPTS: u16 = 5;
const IDLE: i64 = 24 * 60;
const ABSOLUTE: i64 = 7 * 24 * 60;
const RESET_LIFE: i64 = 60;
const NEVER: i64 = i64::MAX;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

impl Model {
    fn status(&self) -> Status {
        match (self.invite_ends, self.suspended_until) {
            (Some(end), _) if self.now >= end => Status::InviteExpired,
            (Some(_), _) => Status::Invited,
            (None, Some(until)) if self.now < until => Status::Suspended,
            (None, _) => Status::Active,
        }
    }

    fn accepts(&self, link: usize) -> &'static str {
        let is_remembered = link + MAX_LINKS >= self.links.len();
        match (self.invite_ends, self.links[link]) {
            (None, _) => "unknown",
            _ if !is_remembered => "unknown",
            (_, true) => "replaced",
            (Some(end), false) if self.now >= end => "expired",
            (Some(_), false) => "opens",
        }
    }

    fn is_signed_in(&self, session: usize) -> bool {
        let (began, used, has_ended) = self.sessions[session];
        !has_ended && self.status() == Status::Active && self.now < began + ABSOLUTE && self.now < used + IDLE
    }

    fn resets(&self, link: usize) -> &'static str {
        let (mailed, is_void) = self.resets[link];
        match is_void {
            true => "unknown",
            false if self.now >= mailed + RESET_LIFE => "expired",
            false => "opens",
        }
    }

    fn paused_until(&self) -> Option<i64> {
        let last = *self.wrong.last().filter(|last| self.now < **last + 24 * 60)?;
        let beyond = self.wrong.len().checked_sub(usize::from(FREE_ATTEMPTS))?;
        let minutes = (0..beyond).fold(1, |minutes: i64, _| (2 * minutes).min(60));
        Some(last + minutes).filter(|until| self.now < *until)
    }

    fn end_sessions(&mut self) {
        self.sessions.iter_mut().for_each(|(_, _, has_ended)| *has_ended = true);
        self.void_resets();
    }

    fn void_resets(&mut self) {
        self.resets.iter_mut().for_each(|(_, is_void)| *is_void = true);
    }
}

impl Rules {
    fn new(now: Timestamp) -> (Self, Model) {
        let (id, key) = (UserId::new(now, [1; 10]), ApiKeyId::new(now, [2; 10]));
        let admin = Caller { credential: Credential::ApiKey(key), label: "Payroll".to_owned(), role: Role::Admin };
        let (invite, invited) = Invite::new(id, &admin, 24, None, now);
        let email = "ada@example.com".parse().unwrap();
        let profile = Profile { email, name: None, role: Role::Member, app_roles: AppRoles::default() };
        let user = User::invited(id, profile, invited, now);
        let rules = Self {
            user,
            invite: Some(invite),
            links: Vec::new(),
            sessions: Vec::new(),
            resets: Vec::new(),
            attempts: Attempts::default(),
            admin,
            random: 0,
        };
        let model = Model {
            now: 0,
            invite_ends: Some(24 * 60),
            links: Vec::new(),
            suspended_until: None,
            sessions: Vec::new(),
            resets: Vec::new(),
            wrong: Vec::new(),
        };
        (rules, model)
    }

    fn secret(&mut self) -> Secret {
        self.random += 1;
        Secret::new([self.random; 32])
    }
}

fn told<T>(checked: Result<T, Error>) -> &'static str {
    match checked {
        Ok(_) => "opens",
        Err(Error::InviteUnknown | Error::LinkUnknown) => "unknown",
        Err(Error::InviteReplaced) => "replaced",
        Err(Error::InviteExpired | Error::LinkExpired) => "expired",
        Err(error) => panic!("{error}"),
    }
}

/// Does one step on both.
#[expect(clippy::too_many_lines, reason = "an arm for each step")]
fn take(step: &Step, rules: &mut Rules, model: &mut Model) {
    let now = at(model.now);
    match step {
        Step::Wait(minutes) => model.now += minutes,
        Step::NoteWhatEnded => {
            if let Some(invite) = &mut rules.invite {
                let is_over = model.status() == Status::InviteExpired && !invite.expiry_recorded;
                assert_eq!(invite.record_expiry(&mut rules.user, now), is_over);
                assert!(!invite.record_expiry(&mut rules.user, now), "an expiry is noted once");
            }
            let is_over = model.suspended_until.is_some_and(|until| until <= model.now);
            assert_eq!(rules.user.end_suspension(now), is_over);
            if is_over {
                model.suspended_until = None;
            }
        }
        Step::Mail => {
            let hash = rules.secret().hash();
            if let Some(invite) = &mut rules.invite {
                invite.add_link(hash);
                rules.links.push(hash);
                model.links.push(false);
            }
        }
        Step::Renew { hours } => {
            if let Some(invite) = &mut rules.invite {
                invite.renew(&mut rules.user, &rules.admin, Some(*hours), now).unwrap();
                model.invite_ends = Some(model.now + i64::from(*hours) * 60);
                model.links.fill(true);
            }
        }
        Step::Accept { link } => {
            let Some(link) = link.checked_rem(model.links.len()) else { return };
            let checked = rules.invite.as_ref().map(|invite| invite.check(&rules.links[link], now));
            assert_eq!(checked.map_or("unknown", told), model.accepts(link));
            if model.accepts(link) == "opens" {
                rules.user.accept_invite("Ada".parse().unwrap(), now);
                rules.invite = None;
                model.invite_ends = None;
            }
        }
        Step::Suspend { for_minutes } => {
            let until = for_minutes.map(|minutes| model.now + minutes);
            let suspension = Suspension { reason: None, until: until.map(at) };
            let suspended = rules.user.suspend(&rules.admin, suspension);
            assert_eq!(suspended.is_ok(), model.invite_ends.is_none());
            if suspended.is_ok() {
                model.suspended_until = Some(until.unwrap_or(NEVER));
                model.end_sessions();
            }
        }
        Step::Reactivate => {
            assert_eq!(rules.user.reactivate(&rules.admin).is_ok(), model.invite_ends.is_none());
            model.suspended_until = None;
        }
        Step::SignIn if model.status() == Status::Active => {
            let secret = rules.secret();
            let (hash, id) = (secret.hash(), SessionId::new(now, [rules.random; 10]));
            let settings = SecuritySettings::default();
            let (session, _) = Session::start(&rules.user, settings, (id, secret), (None, None), now);
            rules.sessions.push((session, hash));
            model.sessions.push((model.now, model.now, false));
        }
        Step::Use { session } => {
            let Some(n) = session.checked_rem(model.sessions.len()).filter(|n| model.is_signed_in(*n)) else { return };
            let session = &mut rules.sessions[n].0;
            let used = &mut model.sessions[n].1;
            assert_eq!(session.is_to_be_touched(now), *used < model.now);
            session.last_seen_at = now;
            *used = model.now;
        }
        Step::EndSessions => {
            rules.user.end_sessions();
            model.end_sessions();
        }
        Step::MailReset if model.invite_ends.is_none() => {
            let hash = rules.secret().hash();
            let reset = PasswordReset {
                user: rules.user.id,
                mail: MailId::new(now, [rules.random; 10]),
                links: vec![hash],
                email: rules.user.email.key().to_owned(),
                session_generation: rules.user.session_generation,
                expires_at: now + SignedDuration::from_mins(RESET_LIFE),
            };
            // It takes the place of the one before.
            model.void_resets();
            rules.resets.push((reset, hash));
            model.resets.push((model.now, false));
        }
        Step::Reset { link } => {
            let Some(link) = link.checked_rem(model.resets.len()) else { return };
            if model.resets(link) == "opens" && model.status() == Status::Active {
                rules.user.end_sessions();
                model.end_sessions();
            }
        }
        Step::Move => {
            rules.random += 1;
            let email = Some(format!("ada.{}@example.com", rules.random).parse().unwrap());
            rules.user.edit(&rules.admin, Edit { email, ..Edit::default() }).unwrap();
            model.void_resets();
        }
        Step::WrongPassword if model.paused_until().is_none() => {
            let counted = rules.attempts.counted_from_address(now).map_or(0, |failures| failures.count);
            rules.attempts.from_address = Some(Failures { count: counted + 1, last_at: now });
            if model.wrong.last().is_some_and(|last| model.now >= last + 24 * 60) {
                model.wrong.clear();
            }
            model.wrong.push(model.now);
        }
        Step::RightPassword if model.paused_until().is_none() => {
            rules.attempts.from_address = None;
            model.wrong.clear();
        }
        Step::Unlock => {
            rules.attempts.unlocked_at = Some(now);
            model.wrong.clear();
            // Nothing else happens in this moment.
            model.now += 1;
        }
        Step::SignIn | Step::MailReset | Step::WrongPassword | Step::RightPassword => {}
    }
}

/// Both say the same of everything.
fn compare(rules: &Rules, model: &Model) {
    let now = at(model.now);
    assert_eq!(rules.user.status(now), model.status());
    for (n, link) in rules.links.iter().enumerate() {
        let checked = rules.invite.as_ref().map_or(Err(Error::InviteUnknown), |invite| invite.check(link, now));
        assert_eq!(told(checked), model.accepts(n), "link {n}");
    }
    for (n, (session, hash)) in rules.sessions.iter().enumerate() {
        assert_eq!(session.is_valid(&rules.user, hash, now), model.is_signed_in(n), "session {n}");
        assert!(!session.is_valid(&rules.user, &SecretHash::of_text("another"), now));
    }
    if let Some((newest, _)) = rules.resets.last() {
        for (n, (_, hash)) in rules.resets.iter().enumerate() {
            assert_eq!(told(newest.check(&rules.user, hash, now)), model.resets(n), "reset {n}");
        }
    }
    let paused = rules.attempts.paused_until(FREE_ATTEMPTS, now);
    assert_eq!(paused, model.paused_until().map(at), "{:?}", rules.attempts);
}

proptest! {
    #[test]
    fn whatever_happens_the_rules_say_what_happened(steps in vec(step(), 1..120)) {
        let (mut rules, mut model) = Rules::new(at(0));
        for step in &steps {
            take(step, &mut rules, &mut model);
            compare(&rules, &model);
        }
    }
}
