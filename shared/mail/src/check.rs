//! What admins may write as a template.
//!
//! Values, conditions and loops over what there is: `{{ … }}`, `if`, `for` and a few filters. Nothing that names, calls
//! or multiplies, for with it a short template could make a mail of any size. A template is tried on two mails, one
//! with everything in it and one with as little as there can be.

use minijinja::machinery::{Span, Token, tokenize};
use roster_domain::templates::{TemplateKind, TemplateSource};

use crate::{
    defaults::variables,
    render::{Fault, Part, Values, environment, render},
};

const MAX_SUBJECT_CHARS: usize = 200;
const MAX_HTML_BYTES: usize = 100_000;
const MAX_TEXT_BYTES: usize = 20_000;

/// The template engine parses by recursion, so what it is given is shallow: tokens between one pair of braces, and
/// pairs of braces with a statement.
const MAX_TOKENS: usize = 100;
const MAX_STATEMENTS: usize = 200;

const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
const FILTERS: [&str; 9] = ["capitalize", "d", "default", "first", "last", "length", "lower", "trim", "upper"];
const OPERATORS: [&str; 7] = ["and", "else", "if", "in", "is", "not", "or"];

/// Says what is wrong with a template, everything at once as far as one fault does not hide another.
pub fn check(kind: TemplateKind, source: &TemplateSource) -> Result<(), Vec<Fault>> {
    let mut faults: Vec<Fault> =
        Part::ALL.into_iter().flat_map(|part| faults_of(kind, part, part.of(source))).collect();
    if faults.is_empty() {
        for values in [Values::sample(None), Values::bare_sample()] {
            faults.extend(render(kind, source, &values).err());
        }
        faults.dedup();
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn faults_of(kind: TemplateKind, part: Part, source: &str) -> Vec<Fault> {
    if let Some(reason) = unfit(part, source) {
        return vec![Fault::new(part, None, reason)];
    }
    let names = match names(part, source) {
        Ok(names) => names,
        Err(fault) => return vec![fault],
    };
    let template = match environment().template_from_named_str(part.file(), source) {
        Ok(template) => template,
        Err(error) => return vec![Fault::of(part, &error)],
    };
    let used = template.undeclared_variables(false);
    let is_known = |name: &str| variables(kind).any(|variable| variable.name == name);
    let mut unknown: Vec<(&str, usize)> = Vec::new();
    for (name, line) in names {
        if used.contains(name) && !is_known(name) && unknown.iter().all(|(other, _)| *other != name) {
            unknown.push((name, line));
        }
    }
    let missing = variables(kind).filter(|variable| variable.required && part != Part::Subject);
    let missing = missing.filter(|variable| !used.contains(variable.name));
    let unknown = unknown.into_iter().map(|(name, line)| {
        Fault::new(part, line, format!("There is no value {name}; this mail has {}.", known(kind)))
    });
    unknown.chain(missing.map(|variable| Fault::missing(part, variable.name))).collect()
}

fn known(kind: TemplateKind) -> String {
    variables(kind).map(|variable| variable.name).collect::<Vec<_>>().join(", ")
}

/// What is wrong with the text as such.
fn unfit(part: Part, source: &str) -> Option<String> {
    let is_allowed = |c: char| !c.is_control() || part != Part::Subject && matches!(c, '\n' | '\r' | '\t');
    if source.trim().is_empty() {
        return Some("This field is required.".to_owned());
    }
    if !source.chars().all(is_allowed) {
        let reason = match part {
            Part::Subject => "A subject is one line, without control characters.",
            Part::Html | Part::Text => "This is text, without control characters.",
        };
        return Some(reason.to_owned());
    }
    match part {
        Part::Subject if source.chars().count() > MAX_SUBJECT_CHARS => {
            Some(format!("A subject has at most {MAX_SUBJECT_CHARS} characters."))
        }
        Part::Html if source.len() > MAX_HTML_BYTES => Some(format!("This has at most {MAX_HTML_BYTES} bytes.")),
        Part::Text if source.len() > MAX_TEXT_BYTES => Some(format!("This has at most {MAX_TEXT_BYTES} bytes.")),
        _ => None,
    }
}

/// What stands before a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// `{%`
    Statement,
    Dot,
    Pipe,
    /// `is` or `is not`
    Is,
    /// The name of a filter or of a test, which may have arguments.
    Applied,
    /// A value, which may not.
    Value,
    Other,
}

/// Refuses what a template may not hold; answers the names in it, with their lines.
fn names(part: Part, source: &str) -> Result<Vec<(&str, usize)>, Fault> {
    let mut names = Vec::new();
    let (mut tokens, mut statements, mut before) = (0, 0, Before::Other);
    for token in tokenize(source, false, environment().syntax().clone()) {
        let (token, Span { start_line, .. }) = token.map_err(|error| Fault::of(part, &error))?;
        let line = usize::from(start_line);
        let refused = |reason: String| Err(Fault::new(part, line, reason));
        tokens += 1;
        before = match token {
            Token::VariableStart => {
                tokens = 0;
                Before::Other
            }
            Token::BlockStart => {
                tokens = 0;
                statements += 1;
                Before::Statement
            }
            Token::Ident(name) => match before {
                Before::Statement if !STATEMENTS.contains(&name) => {
                    return refused(format!("There is no statement {name} in mails; there are if and for."));
                }
                Before::Pipe if !FILTERS.contains(&name) => {
                    return refused(format!("There is no filter {name} in mails; there are {}.", FILTERS.join(", ")));
                }
                Before::Statement => Before::Other,
                Before::Dot => Before::Value,
                Before::Is if name == "not" => Before::Is,
                Before::Pipe | Before::Is => Before::Applied,
                _ if name == "is" => Before::Is,
                _ if OPERATORS.contains(&name) => Before::Other,
                _ => {
                    names.push((name, line));
                    Before::Value
                }
            },
            Token::ParenOpen if before == Before::Value => {
                return refused("There are no functions in mails.".to_owned());
            }
            Token::Mul | Token::Pow => return refused("Nothing can be multiplied in mails.".to_owned()),
            Token::ParenClose | Token::BracketClose | Token::BraceClose | Token::Str(_) | Token::String(_) => {
                Before::Value
            }
            Token::Dot => Before::Dot,
            Token::Pipe => Before::Pipe,
            _ => Before::Other,
        };
        if tokens > MAX_TOKENS || statements > MAX_STATEMENTS {
            return refused("This is too much between braces for a mail; make it simpler.".to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::default_source;

    fn source(subject: &str, html: &str, text: &str) -> TemplateSource {
        TemplateSource { subject: subject.to_owned(), html: html.to_owned(), text: text.to_owned() }
    }

    fn faults(kind: TemplateKind, source: &TemplateSource) -> Vec<String> {
        check(kind, source).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    /// What is wrong with `html`, in a kind that requires nothing.
    fn html_fault(html: &str) -> String {
        faults(TemplateKind::Welcome, &source("Hello", html, "Hello")).join("\n")
    }

    #[test]
    fn the_default_templates_may_be_saved_as_they_are() {
        for kind in TemplateKind::ALL {
            assert_eq!(faults(kind, default_source(kind)), [""; 0], "{kind}");
        }
    }

    #[test]
    fn faults_are_named_with_line_and_reason() {
        for (html, expected) in [
            ("a\nb\n{{ name", "html: Line 3: "),
            ("\n{% if name %}", "html: Line 2: "),
            ("\n{% if name %}{% endfor %}", "html: Line 2: "),
            ("\n{{ nmae }}", "html: Line 2: There is no value nmae; this mail has company, platform_url, "),
            ("{{ link }}", "html: Line 1: There is no value link"),
            ("{% for r in app_roles %}\n{{ r.nam }}{% endfor %}", "html: Line 2: "),
            ("{{ app_roles[0].app }}", "html: Line 1: "),
            ("{{ name|nope }}", "html: Line 1: There is no filter nope in mails; there are capitalize, "),
            ("\n\n{{ name is nope }}", "html: Line 3: "),
            ("", "html: This field is required."),
            ("  \n ", "html: This field is required."),
            ("a\u{0}b", "html: This is text, without control characters."),
        ] {
            let fault = html_fault(html);
            assert!(fault.starts_with(expected), "{html:?}: {fault}");
        }
    }

    #[test]
    fn all_unknown_values_are_named_once() {
        let found = faults(TemplateKind::Welcome, &source("{{ a }}", "{{ b }}{{ c }}\n{{ b }}", "{{ d }}"));

        let names: Vec<_> = found.iter().filter_map(|fault| fault.split_once(';')).map(|(start, _)| start).collect();
        assert_eq!(
            names,
            [
                "subject: There is no value a",
                "html: Line 1: There is no value b",
                "html: Line 1: There is no value c",
                "text: Line 1: There is no value d"
            ]
        );
    }

    #[test]
    fn the_link_must_be_shown_in_every_case_and_in_both_parts() {
        let missing =
            |part: &str| format!("{part}: The mail must show {{{{ link }}}} in every case: it is of no use without.");
        let invitation = |html: &str, text: &str| faults(TemplateKind::Invitation, &source("Hello", html, text));

        assert_eq!(invitation("Hello", "Hello"), [missing("html"), missing("text")]);
        assert_eq!(invitation("{{ link }}", "Hello"), [missing("text")]);
        assert_eq!(invitation("{% if message %}{{ link }}{% endif %}", "{{ link }}"), [missing("html")]);
        assert_eq!(invitation("{% if not message %}{{ link }}{% endif %}", "{{ link }}"), [missing("html")]);
        assert_eq!(invitation("<a href='{{ link }}'>Come</a>", "{{ link }}"), [""; 0]);
        assert_eq!(faults(TemplateKind::PasswordReset, &source("Hello", "Hello", "{{ link }}")), [missing("html")]);
    }

    #[test]
    fn conditions_loops_and_filters_work() {
        for html in [
            "{% if name and (email or not logo_url) %}{{ name|upper|trim }}{% elif name is none %}-{% else %}+{% endif %}",
            "{% for r in app_roles %}{% if not loop.first %}, {% endif %}{{ r.role }} in {{ r.app }}{% endfor %}",
            "{{ name|default('you', true) }} {{ app_roles|length }} {{ 'a' ~ company }} {# a comment #}",
            "{{ name if name is not none else 'you' }} {% raw %}{{ nothing }}{% endraw %}",
        ] {
            assert_eq!(html_fault(html), "", "{html}");
        }
    }

    #[test]
    fn nothing_is_named_called_multiplied_or_left_unescaped() {
        for html in [
            "{% set a = name %}",
            "{% with a = name %}{% endwith %}",
            "{% filter upper %}a{% endfilter %}",
            "{% macro a() %}{% endmacro %}",
            "{% include 'layout.html' %}",
            "{% extends 'layout.html' %}",
            "{% import 'a' as b %}",
            "{% from 'a' import b %}",
            "{% autoescape false %}{{ name }}{% endautoescape %}",
            "{{ name|safe }}",
            "{{ name|replace('a', 'aa') }}",
            "{{ name|join(name) }}",
            "{{ range(1000000) }}",
            "{{ name.upper() }}",
            "{{ name['upper']() }}",
            "{{ (name)() }}",
            "{{ 'a' * 1000000 }}",
            "{{ 9 ** 9 }}",
        ] {
            assert_ne!(html_fault(html), "", "{html}");
        }
    }

    #[test]
    fn a_mail_takes_bounded_time_and_space() {
        let list = format!("[{}]", "1,".repeat(40));
        let loops = format!("{{% for a in {list} %}}").repeat(5) + "x" + &"{% endfor %}".repeat(5);
        assert_eq!(
            html_fault(&loops),
            "html: Line 1: It takes too long to make a mail of this; are there loops in loops?"
        );
        let large = format!("{{% for a in {list} %}}{}{{% endfor %}}", "x".repeat(50_000));
        assert_eq!(html_fault(&large), "html: The mail gets too large.");
        let refused = "html: Line 1: This is too much between braces for a mail; make it simpler.";
        for deep in [
            format!("{{{{ {}name }}}}", "name ~ ".repeat(10_000)),
            format!("{{{{ {}name{} }}}}", "(".repeat(10_000), ")".repeat(10_000)),
            format!("{{{{ name{} }}}}", "|d".repeat(30_000)),
            "{% if name %}".repeat(7_000),
            "{% if name %}".to_owned() + &"{% elif name %}".repeat(6_000),
        ] {
            assert_eq!(html_fault(&deep), refused);
        }
        let nested = "{% if name %}".repeat(100) + &"{% endif %}".repeat(100);
        assert_eq!(html_fault(&nested), "");
    }

    #[test]
    fn the_parts_have_bounds() {
        let kind = TemplateKind::Welcome;
        assert_eq!(faults(kind, &source(&"é".repeat(200), &"x".repeat(100_000), &"x".repeat(20_000))), [""; 0]);
        assert_eq!(
            faults(kind, &source(&"é".repeat(201), &"x".repeat(100_001), &"x".repeat(20_001))),
            [
                "subject: A subject has at most 200 characters.",
                "html: This has at most 100000 bytes.",
                "text: This has at most 20000 bytes."
            ]
        );
        assert_eq!(
            faults(kind, &source("a\r\nBcc: b@example.com", "a", "a")),
            ["subject: A subject is one line, without control characters."]
        );
    }
}
