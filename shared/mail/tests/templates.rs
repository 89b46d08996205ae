//! Whatever is written as a template is refused with a reason, or makes mails, of a size that is no surprise.

use proptest::{collection::vec, prelude::*, sample::select};
use roster_domain::templates::{TemplateKind, TemplateSource};
use roster_mail::{Values, check, render};

/// Texts of pieces of the language, in any order, and texts of anything.
fn source() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{ link }}",
        "{{ name }}",
        "{% if name %}",
        "{% else %}",
        "{% endif %}",
        "{% for app in app_roles %}",
        "{{ app.role }}",
        "{% endfor %}",
        " link ",
        " name ",
        "app_roles",
        "|",
        "| upper",
        "| default(\"x\")",
        "| length",
        "range(99999999)",
        "loop.index",
        "*",
        "~",
        "not ",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "'",
        ".",
        ":",
        ",",
        "{% set x = 1 %}",
        "{% include \"x\" %}",
        "{% macro m() %}",
        "{% raw %}",
        "{% autoescape false %}",
        "| safe",
        "\n",
        "9999999999",
        "-",
        "<b>",
        "\u{0}",
        "é",
    ]);
    let pieces = pieces.prop_map(str::to_owned);
    vec(prop_oneof![8 => pieces, 1 => "\\PC{0,12}"], 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn templates(kind in select(TemplateKind::ALL.to_vec()), subject in source(), html in source(), text in source()) {
        let source = TemplateSource { subject, html: format!("{html}{{{{ link }}}}"), text: format!("{text}{{{{ link }}}}") };
        if let Err(faults) = check(kind, &source) {
            prop_assert!(faults.iter().all(|fault| !fault.to_string().is_empty()));
            return Ok(());
        }
        let mail = render(kind, &source, &Values::sample(None)).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        prop_assert!(!mail.subject.contains(['\r', '\n']), "{:?}", mail.subject);
        let most = 50 * (source.html.len() + source.text.len() + source.subject.len()) + 10_000;
        prop_assert!(mail.html.len() + mail.text.len() <= most);
    }
}
