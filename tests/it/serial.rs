//! What the users of a few addresses can live through, told as if one thing happened after the other, and whether what
//! many people saw at once can be told so: an answer must be one that the service could have given at some moment
//! between the call and the answer.
//!
//! The search is that of Wing and Gong, as Lowe arranged it: it goes along the history, and keeps every way in which
//! what was answered so far can have happened. What got no answer may have happened at any moment from its call on, or
//! not at all. What changes nothing is put where it first fits, for there it is in nobody's way.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt::Write as _,
    mem,
};

use Life::{Invited, Joined};

/// Places in the lists of what people know, see [`crate::history`].
pub(crate) type Address = usize;
pub(crate) type User = usize;
pub(crate) type Link = usize;
pub(crate) type Password = usize;
pub(crate) type Session = usize;

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Invite(Address),
    Create(Address),
    Renew(User),
    Revoke(User),
    Accept(Link, Password),
    SignIn(Address, Password),
    See(Session),
    SignOut(Session),
    ChangePassword { by: Session, current: Password, new: Password },
    Reset(User),
    Suspend(User),
    Reactivate(User),
    EndSessions(User),
    Move(User, Address),
    Delete(User),
    Get(User),
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Done(Told),
    /// The slug of the problem, and who holds the address that is taken.
    Refused(String, Option<User>),
    Unknown,
}

/// What an answer tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) user: Option<Seen>,
    pub(crate) link: Option<Link>,
    pub(crate) password: Option<Password>,
    pub(crate) session: Option<Session>,
}

/// How a user is shown.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) id: User,
    pub(crate) email: Address,
    pub(crate) status: String,
    pub(crate) password_temporary: bool,
    pub(crate) version: u64,
}

/// One call in a history. Moments are counted, not measured.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) client: usize,
    pub(crate) act: Act,
    pub(crate) called: u64,
    pub(crate) returned: u64,
    pub(crate) answer: Answer,
}

/// Who has which address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct World(BTreeMap<Address, Person>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Person {
    /// Nothing, as long as no answer told it.
    id: Option<User>,
    version: u64,
    life: Life,
}

/// What nobody was told is nothing: it opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Life {
    Invited { link: Option<Link>, replaced: BTreeSet<Link> },
    Joined(Account),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Account {
    password: Option<Password>,
    is_temporary: bool,
    is_suspended: bool,
    sessions: BTreeSet<Session>,
}

impl World {
    /// The world after this was done, as the answer tells of it; or why it is refused.
    fn after(&self, act: Act, told: &Told) -> Result<Self, &'static str> {
        let mut world = self.clone();
        match act {
            Act::Invite(email) => world.settle(email, Invited { link: told.link, replaced: BTreeSet::new() })?,
            Act::Create(email) => {
                let account = Account { password: told.password, is_temporary: true, ..Account::default() };
                world.settle(email, Joined(account))?;
            }
            Act::Renew(user) => world.user(user)?.renew(told.link)?,
            Act::Revoke(user) => {
                world.user(user)?.links()?;
                world.remove(user)?;
            }
            Act::Delete(user) => drop(world.remove(user)?),
            Act::Accept(token, password) => {
                let knows = |person: &&mut Person| matches!(&person.life, Invited { link, replaced } if *link == Some(token) || replaced.contains(&token));
                let person = world.0.values_mut().find(knows).ok_or("invite-unknown")?;
                if person.links()?.0 != &Some(token) {
                    return Err("invite-replaced");
                }
                let sessions = told.session.into_iter().collect();
                person.life = Joined(Account { password: Some(password), sessions, ..Account::default() });
                person.version += 1;
            }
            Act::SignIn(email, password) => {
                let account = world.0.get_mut(&email).and_then(|person| person.account().ok());
                let account = account.filter(|account| account.password == Some(password));
                let account = account.ok_or("invalid-credentials")?;
                if account.is_suspended {
                    return Err("account-suspended");
                }
                account.sessions.extend(told.session);
            }
            Act::See(session) => drop(world.signed_in(session)?),
            Act::SignOut(session) => {
                world.signed_in(session)?.account()?.sessions.remove(&session);
            }
            Act::ChangePassword { by, current, new } => {
                let person = world.signed_in(by)?;
                let account = person.account()?;
                if account.password != Some(current) {
                    return Err("wrong-password");
                }
                *account = Account { password: Some(new), sessions: BTreeSet::from([by]), ..Account::default() };
                person.version += 1;
            }
            Act::Reset(user) => {
                let person = world.user(user)?;
                let account = person.account()?;
                account.password = told.password;
                account.is_temporary = true;
                account.sessions.clear();
                person.version += 1;
            }
            Act::Suspend(user) => {
                let person = world.user(user)?;
                let account = person.account()?;
                account.sessions.clear();
                let counts = !mem::replace(&mut account.is_suspended, true);
                person.version += u64::from(counts);
            }
            Act::Reactivate(user) => {
                let person = world.user(user)?;
                let counts = mem::take(&mut person.account()?.is_suspended);
                person.version += u64::from(counts);
            }
            Act::EndSessions(user) => {
                let person = world.user(user)?;
                if let Joined(account) = &mut person.life {
                    account.sessions.clear();
                }
                person.version += 1;
            }
            Act::Move(user, email) => {
                let old = world.address_of(user)?;
                if old != email {
                    if world.0.contains_key(&email) {
                        return Err("email-taken");
                    }
                    let mut person = world.remove(user)?;
                    // An invite goes to the new address, by another link.
                    if person.renew(None).is_err() {
                        person.version += 1;
                    }
                    world.0.insert(email, person);
                }
            }
            Act::Get(user) => drop(world.user(user)?),
        }
        Ok(world)
    }

    /// The world in which the answer to this call is true; nothing, if it is not this one.
    fn explains(&self, Entry { act, answer, .. }: &Entry) -> Option<Self> {
        match answer {
            Answer::Unknown => self.after(*act, &Told::default()).ok(),
            Answer::Refused(why, holder) => {
                let refused = self.after(*act, &Told::default()).err();
                let mut world = self.clone();
                let known = match (*act, holder) {
                    (Act::Invite(address) | Act::Create(address) | Act::Move(_, address), Some(user)) => {
                        world.0.get_mut(&address).is_some_and(|person| person.is_called(*user))
                    }
                    _ => true,
                };
                (refused == Some(why) && known).then_some(world)
            }
            Answer::Done(told) => {
                let mut world = self.after(*act, told).ok()?;
                let shows = told.user.as_ref().is_none_or(|seen| {
                    world.0.get_mut(&seen.email).is_some_and(|person| person.is_called(seen.id) && person.looks(seen))
                });
                shows.then_some(world)
            }
        }
    }

    fn settle(&mut self, email: Address, life: Life) -> Result<(), &'static str> {
        if self.0.contains_key(&email) {
            return Err("email-taken");
        }
        self.0.insert(email, Person { id: None, version: 1, life });
        Ok(())
    }

    fn address_of(&self, user: User) -> Result<Address, &'static str> {
        let found = self.0.iter().find(|(_, person)| person.id == Some(user));
        found.map(|(email, _)| *email).ok_or("user-not-found")
    }

    fn user(&mut self, user: User) -> Result<&mut Person, &'static str> {
        let email = self.address_of(user)?;
        self.0.get_mut(&email).ok_or("user-not-found")
    }

    fn remove(&mut self, user: User) -> Result<Person, &'static str> {
        let email = self.address_of(user)?;
        self.0.remove(&email).ok_or("user-not-found")
    }

    fn signed_in(&mut self, session: Session) -> Result<&mut Person, &'static str> {
        let has = |person: &&mut Person| matches!(&person.life, Joined(account) if !account.is_suspended && account.sessions.contains(&session));
        self.0.values_mut().find(has).ok_or("unauthenticated")
    }
}

impl Person {
    /// Whether the user can have this id; from now on it is theirs.
    fn is_called(&mut self, id: User) -> bool {
        *self.id.get_or_insert(id) == id
    }

    fn looks(&self, seen: &Seen) -> bool {
        let (status, password_temporary) = match &self.life {
            Invited { .. } => ("invited", false),
            Joined(account) => (if account.is_suspended { "suspended" } else { "active" }, account.is_temporary),
        };
        (&*seen.status, seen.password_temporary, seen.version) == (status, password_temporary, self.version)
    }

    fn account(&mut self) -> Result<&mut Account, &'static str> {
        let Joined(account) = &mut self.life else { return Err("still-invited") };
        Ok(account)
    }

    fn links(&mut self) -> Result<(&mut Option<Link>, &mut BTreeSet<Link>), &'static str> {
        let Invited { link, replaced } = &mut self.life else { return Err("not-invited") };
        Ok((link, replaced))
    }

    /// The links so far are dead.
    fn renew(&mut self, new: Option<Link>) -> Result<(), &'static str> {
        let (link, replaced) = self.links()?;
        replaced.extend(link.take());
        *link = new;
        self.version += 1;
        Ok(())
    }
}

/// One way in which all that was answered can have happened: the world now, and which of the calls under way are done.
type Way = (World, BTreeSet<usize>);

/// The same way, with what is answered truly in it and changes nothing done as well.
fn absorb(history: &[Entry], open: &BTreeSet<usize>, (world, mut done): Way) -> Way {
    let fits = |n: &&usize| {
        let entry = &history[**n];
        !matches!(entry.answer, Answer::Unknown) && world.explains(entry).as_ref() == Some(&world)
    };
    let harmless: Vec<usize> = open.difference(&done).filter(fits).copied().collect();
    done.extend(harmless);
    (world, done)
}

/// Whether the history can be told in one order, and if not, where not. How many ways were looked at.
pub(crate) fn explain(history: &[Entry]) -> Result<usize, String> {
    let mut moments: Vec<(u64, bool, usize)> = Vec::new();
    for (n, entry) in history.iter().enumerate() {
        moments.push((entry.called, false, n));
        if !matches!(entry.answer, Answer::Unknown) {
            moments.push((entry.returned, true, n));
        }
    }
    moments.sort_unstable();
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let mut ways: HashSet<Way> = HashSet::from([Way::default()]);
    let mut looked_at = 0;
    for (_, has_returned, n) in moments {
        if !has_returned {
            open.insert(n);
            ways = ways.into_iter().map(|way| absorb(history, &open, way)).collect();
            continue;
        }
        let mut explained: HashSet<Way> = HashSet::new();
        let mut left: Vec<Way> = ways.iter().cloned().collect();
        let mut seen = ways.clone();
        while let Some((world, done)) = left.pop() {
            looked_at += 1;
            if done.contains(&n) {
                explained.insert((world, done));
                continue;
            }
            for &next in open.difference(&done) {
                let Some(after) = world.explains(&history[next]).filter(|after| *after != world) else { continue };
                let mut done = done.clone();
                done.insert(next);
                let way = absorb(history, &open, (after, done));
                if seen.insert(way.clone()) {
                    left.push(way);
                }
            }
        }
        if explained.is_empty() {
            return Err(unexplained(history, n, &ways));
        }
        open.remove(&n);
        ways = explained
            .into_iter()
            .map(|(world, mut done)| {
                done.remove(&n);
                (world, done)
            })
            .collect();
    }
    Ok(looked_at)
}

fn unexplained(history: &[Entry], n: usize, ways: &HashSet<Way>) -> String {
    let mut text = "no order of the calls explains the answer marked >\n".to_owned();
    for (m, Entry { client, act, called, returned, answer }) in history.iter().enumerate() {
        if *called > history[n].returned {
            continue;
        }
        let mark = if m == n { '>' } else { ' ' };
        writeln!(text, "{mark} {called:4}..{returned:4} client {client}: {act:?} -> {answer:?}").unwrap();
    }
    text.push_str("before it, the world was one of\n");
    for (world, done) in ways.iter().take(5) {
        writeln!(text, "  {world:?}, with {done:?} done").unwrap();
    }
    text
}

/// A history in which each call begins and ends at these moments.
fn history(calls: impl IntoIterator<Item = (u64, u64, Act, Answer)>) -> Vec<Entry> {
    let calls = calls.into_iter().enumerate();
    calls.map(|(client, (called, returned, act, answer))| Entry { client, act, called, returned, answer }).collect()
}

fn refused(why: &str) -> Answer {
    Answer::Refused(why.to_owned(), None)
}

fn invited() -> (u64, u64, Act, Answer) {
    (0, 1, Act::Invite(0), Answer::Done(Told { link: Some(0), ..Told::default() }))
}

fn signed_in(session: Session) -> Answer {
    Answer::Done(Told { session: Some(session), ..Told::default() })
}

#[test]
fn of_two_accepts_at_once_one_is_explained_whichever() {
    let first = (2, 5, Act::Accept(0, 0), signed_in(0));
    let second = (3, 4, Act::Accept(0, 1), refused("invite-unknown"));
    let after = |password, answer| (6, 7, Act::SignIn(0, password), answer);
    let told = |more: (u64, u64, Act, Answer)| explain(&history([invited(), first.clone(), second.clone(), more]));

    told(after(0, signed_in(1))).unwrap();
    told(after(1, signed_in(1))).unwrap_err();
    told(after(0, refused("invalid-credentials"))).unwrap_err();
    let both = [invited(), first.clone(), (3, 4, Act::Accept(0, 1), signed_in(1))];
    explain(&history(both)).unwrap_err();
}

#[test]
fn a_call_that_ended_before_another_began_happened_before_it() {
    let accepted = (2, 3, Act::Accept(0, 0), signed_in(0));
    let signed_out = |called| (called, 6, Act::SignOut(0), Answer::Done(Told::default()));
    let seen = (4, 7, Act::See(0), refused("unauthenticated"));

    explain(&history([invited(), accepted.clone(), signed_out(5), seen.clone()])).unwrap();
    let seen_before = (4, 4, Act::See(0), refused("unauthenticated"));
    explain(&history([invited(), accepted, signed_out(5), seen_before])).unwrap_err();
}

#[test]
fn what_got_no_answer_may_have_happened_at_any_time_or_not_at_all() {
    let accepted = (2, 3, Act::Accept(0, 0), Answer::Unknown);
    for (early, late, is_explained) in [
        (refused("invalid-credentials"), signed_in(0), true),
        (refused("invalid-credentials"), refused("invalid-credentials"), true),
        (signed_in(0), refused("invalid-credentials"), false),
    ] {
        let told = [invited(), accepted.clone(), (4, 5, Act::SignIn(0, 0), early), (6, 7, Act::SignIn(0, 0), late)];
        assert_eq!(explain(&history(told)).is_ok(), is_explained);
    }
}
