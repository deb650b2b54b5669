//! [`LineTemplate`]: lines as a template of one's own has them.

use std::{fmt, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value,
    value::{Enumerator, Object},
};
use owo_colors::{AnsiColors, OwoColorize, Style, XtermColors};

use super::{
    object::embedded,
    sanitize::{sanitize, sanitize_colored},
};

/// What there is to know of a line, by the names that templates use.
const FIELDS: [&str; 14] = [
    "timestamp",
    "message",
    "namespace",
    "pod",
    "name",
    "container",
    "node",
    "role",
    "phase",
    "restart",
    "stream",
    "job_id",
    "row_id",
    "sequence",
];

/// All of it at once, for `{{ line | tojson }}`.
const LINE: &str = "line";

/// The colour of the container, which `color` takes.
const COLOR: &str = "__color";

/// What a template's text is called in the environment.
const NAME: &str = "template";

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The line of the template's text, from 1, if one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for TemplateError {}

impl TemplateError {
    fn of(error: &Error) -> TemplateError {
        let what = match (error.kind(), error.detail()) {
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        TemplateError { line: error.line(), what }
    }
}

/// What stands around a template.
#[derive(Debug, Clone)]
pub struct TemplateStyle {
    /// Whether there are colours. Without, filters that colour leave a text as it is.
    pub color: bool,
    /// Whether it is a terminal, which must obey nothing of what a line says, however a template takes that apart.
    pub terminal: bool,
    /// The zone of times that are written anew.
    pub zone: TimeZone,
}

/// A template in Jinja's syntax, which makes the text of each line. Its fields and filters are in `docs/templates.md`.
#[derive(Debug)]
pub struct LineTemplate(Environment<'static>);

/// A container's lines in a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TemplateContainer {
    pub namespace: String,
    pub pod: String,
    pub name: String,
    pub container: String,
    pub node: Option<String>,
    pub role: &'static str,
    pub phase: &'static str,
    pub job_id: Option<String>,
    pub row_id: Option<String>,
    pub color: u8,
}

/// A line in a template.
#[derive(Debug)]
pub(super) struct TemplateLine {
    pub container: Arc<TemplateContainer>,
    pub timestamp: String,
    pub message: String,
    pub restart: u32,
    pub stream: Option<&'static str>,
    pub sequence: u64,
}

impl LineTemplate {
    /// The template of this text.
    ///
    /// # Errors
    /// What is wrong with it, as far as can be known before there is a line: its syntax, and names of fields and filters.
    pub fn new(text: &str, style: TemplateStyle) -> Result<LineTemplate, TemplateError> {
        if text.trim().is_empty() {
            return Err(TemplateError { line: None, what: "it is empty, and so would each line be".to_owned() });
        }
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        // What a line's JSON lacks is nothing, not an error.
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        if style.terminal {
            environment.set_formatter(|out, state, value| minijinja::escape_formatter(out, state, &harmless(value)));
        }
        add_filters(&mut environment, style);
        // Each line gets one line end, whether or not the text has it.
        let text = text.strip_suffix('\n').unwrap_or(text).to_owned();
        let is_gos = ["{{.", "{{ .", "{{json .", "{{color ."].iter().any(|sign| text.contains(sign));
        environment.add_template_owned(NAME, text.clone()).map_err(|error| {
            let TemplateError { line, mut what } = TemplateError::of(&error);
            if is_gos {
                what.push_str(
                    "; it looks like Go's template language, and elbtail reads Jinja's: {{ message }} for {{.Message}}",
                );
            }
            TemplateError { line, what }
        })?;
        let template = LineTemplate(environment);
        template.check(&text)?;
        Ok(template)
    }

    /// Appends what the template makes of a line, without line end.
    pub(super) fn write(&self, out: &mut Vec<u8>, line: TemplateLine) -> Result<(), TemplateError> {
        let text = self.made(line).map_err(|error| TemplateError::of(&error))?;
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn made(&self, line: TemplateLine) -> Result<String, Error> {
        self.0.get_template(NAME)?.render(Value::from_object(line))
    }

    fn check(&self, text: &str) -> Result<(), TemplateError> {
        let template = self.0.get_template(NAME).map_err(|error| TemplateError::of(&error))?;
        let is_known =
            |name: &str| name == LINE || FIELDS.contains(&name) || self.0.globals().any(|(global, _)| global == name);
        let mut unknown: Vec<String> =
            template.undeclared_variables(false).into_iter().filter(|name| !is_known(name)).collect();
        unknown.sort();
        if let Some(name) = unknown.first() {
            let line = text.lines().position(|line| words(line).any(|word| word == name)).map(|at| at + 1);
            return Err(TemplateError {
                line,
                what: format!("no field {name:?}; there are {} and {LINE}", FIELDS.join(", ")),
            });
        }
        // A filter is looked for when it is used, so a line is made. What that line lacks, others may have.
        match self.made(sample("run start 000 blastn")) {
            Err(error) if is_of_template(&error) => Err(TemplateError::of(&error)),
            _ => Ok(()),
        }
    }
}

/// A value as a terminal may have it. What our filters have coloured is marked as safe, and keeps colours alone; so does what the
/// built-in ones mark.
fn harmless(value: &Value) -> Value {
    if value.is_undefined() || value.is_none() || value.is_number() {
        return value.clone();
    }
    let (text, mut shown) = (value.to_string(), Vec::new());
    match value.is_safe() {
        true => sanitize_colored(text.as_bytes(), &mut shown),
        false => sanitize(text.as_bytes(), &mut shown),
    }
    Value::from(String::from_utf8_lossy(&shown).into_owned())
}

/// Whether an error is the template's, whatever a line says.
fn is_of_template(error: &Error) -> bool {
    use ErrorKind::{
        MissingArgument, SyntaxError, TemplateNotFound, TooManyArguments, UnknownFilter, UnknownFunction,
        UnknownMethod, UnknownTest,
    };
    matches!(
        error.kind(),
        SyntaxError
            | MissingArgument
            | TooManyArguments
            | UnknownFilter
            | UnknownFunction
            | UnknownMethod
            | UnknownTest
            | TemplateNotFound
    )
}

/// The names in a line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn sample(message: &str) -> TemplateLine {
    let container = TemplateContainer {
        namespace: "default".to_owned(),
        pod: "blastn-batch-s03-job-000-3ed51a95-p9vp5".to_owned(),
        name: "blastn-s03-000-p9vp5".to_owned(),
        container: "blast".to_owned(),
        node: Some("node-1".to_owned()),
        role: "batch",
        phase: "running",
        job_id: Some("job-429825360482416da20736cf3ed51a95".to_owned()),
        row_id: Some("18b9edca".to_owned()),
        color: 28,
    };
    TemplateLine {
        container: Arc::new(container),
        timestamp: "2026-11-24T12:58:26.959221551Z".to_owned(),
        message: message.to_owned(),
        restart: 0,
        stream: Some("stdout"),
        sequence: 1,
    }
}

impl Object for TemplateLine {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let container = &self.container;
        Some(match key.as_str()? {
            "timestamp" => Value::from(self.timestamp.as_str()),
            "message" => Value::from(self.message.as_str()),
            "namespace" => Value::from(container.namespace.as_str()),
            "pod" => Value::from(container.pod.as_str()),
            "name" => Value::from(container.name.as_str()),
            "container" => Value::from(container.container.as_str()),
            "node" => Value::from(container.node.as_deref()?),
            "role" => Value::from(container.role),
            "phase" => Value::from(container.phase),
            "restart" => Value::from(self.restart),
            "stream" => Value::from(self.stream?),
            "job_id" => Value::from(container.job_id.as_deref()?),
            "row_id" => Value::from(container.row_id.as_deref()?),
            "sequence" => Value::from(self.sequence),
            COLOR => Value::from(container.color),
            LINE => Value::from_dyn_object(self.clone()),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&FIELDS)
    }
}

fn add_filters(environment: &mut Environment<'static>, style: TemplateStyle) {
    let TemplateStyle { color, terminal, zone } = style;
    let styled = move |text: Value, style: Style| {
        let text = if terminal { harmless(&text) } else { text };
        Value::from_safe_string(if color { text.style(style).to_string() } else { text.to_string() })
    };
    let own = move |state: &State, text: Value| {
        let code = state.lookup(COLOR).and_then(|code| u8::try_from(code).ok());
        styled(text, code.map_or_else(Style::new, |code| Style::new().color(XtermColors::from(code))))
    };
    environment.add_filter("color", own);
    for (name, color) in [
        ("black", AnsiColors::Black),
        ("red", AnsiColors::Red),
        ("green", AnsiColors::Green),
        ("yellow", AnsiColors::Yellow),
        ("blue", AnsiColors::Blue),
        ("magenta", AnsiColors::Magenta),
        ("cyan", AnsiColors::Cyan),
        ("white", AnsiColors::White),
    ] {
        environment.add_filter(name, move |text: Value| styled(text, Style::new().color(color)));
    }
    environment.add_filter("bold", move |text: Value| styled(text, Style::new().bold()));
    environment.add_filter("dim", move |text: Value| styled(text, Style::new().dimmed()));
    environment.add_filter("levelcolor", move |text: Value| match level(&text.to_string()) {
        Some(color) => styled(text, Style::new().color(color)),
        None => text,
    });
    environment.add_filter("parsejson", |text: String| serde_json::from_str::<Value>(&text).unwrap_or(Value::from(())));
    environment.add_filter("extjson", |text: String| match embedded(&text) {
        Some(json) => json.into_owned(),
        None => {
            let mut out = Vec::new();
            super::json::string(&mut out, &text);
            String::from_utf8_lossy(&out).into_owned()
        }
    });
    environment.add_filter("strftime", move |time: String, format: String| {
        let invalid = |what: String| Error::new(ErrorKind::InvalidOperation, what);
        let time: Timestamp = time.parse().map_err(|_| invalid(format!("{time:?} is no time")))?;
        let zoned = time.to_zoned(zone.clone());
        jiff::fmt::strtime::format(&format, &zoned).map_err(|error| invalid(error.to_string()))
    });
}

/// The colour of a level, as stern has it.
fn level(word: &str) -> Option<AnsiColors> {
    Some(match word.to_ascii_lowercase().as_str() {
        "debug" => AnsiColors::Magenta,
        "info" => AnsiColors::Blue,
        "warn" | "warning" => AnsiColors::Yellow,
        "error" | "dpanic" | "panic" => AnsiColors::Red,
        "fatal" | "critical" => AnsiColors::Cyan,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str, color: bool) -> Result<LineTemplate, TemplateError> {
        LineTemplate::new(text, TemplateStyle { color, terminal: false, zone: TimeZone::UTC })
    }

    fn written(text: &str, message: &str) -> String {
        let mut out = Vec::new();
        template(text, true).unwrap().write(&mut out, sample(message)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn sterns_common_examples_have_their_like() {
        for (text, shown) in [
            (
                "{{ message }} ({{ namespace }}/{{ pod }}/{{ container }})",
                "<b> (default/blastn-batch-s03-job-000-3ed51a95-p9vp5/blast)",
            ),
            ("{{ name | color }} {{ message }}\n", "\x1b[38;5;28mblastn-s03-000-p9vp5\x1b[0m <b>"),
            ("{{ message | red }}{{ 'x' | bold }}", "\x1b[31m<b>\x1b[0m\x1b[1mx\x1b[0m"),
            ("{{ timestamp | strftime('%H:%M:%S') }}", "12:58:26"),
            ("{{ node }} {{ stream }} {{ restart }} {{ row_id }} {{ sequence }}", "node-1 stdout 0 18b9edca 1"),
            ("{% if 'b' in message %}{{ message | upper }}{% else %}-{% endif %}", "<B>"),
            ("{{ (message | parsejson).level | default('none') }}", "none"),
            ("{{ message | extjson }}", "\"<b>\""),
            ("a\nb", "a\nb"),
        ] {
            assert_eq!(written(text, "<b>"), shown, "{text}");
        }
        let json = r#"{"level":"warn","msg":"disk","n":{"a":[1,2]}}"#;
        for (text, shown) in [
            (
                "{% set it = message | parsejson %}{{ it.level | levelcolor }} {{ it.msg }} {{ it.n.a[1] }}{{ it.x.y }}",
                "\x1b[33mwarn\x1b[0m disk 2",
            ),
            ("{{ message | extjson }}", json),
        ] {
            assert_eq!(written(text, json), shown, "{text}");
        }
        let all: serde_json::Value = serde_json::from_str(&written("{{ line | tojson }}", "a")).unwrap();
        assert_eq!(all.as_object().unwrap().len(), FIELDS.len());
        assert_eq!((&all["container"], &all["restart"]), (&"blast".into(), &0.into()));
    }

    #[test]
    fn a_terminal_obeys_nothing_that_a_line_hides_in_json() {
        let style = TemplateStyle { color: true, terminal: true, zone: TimeZone::UTC };
        let json = r#"{"k":"\u001b]0;title\u0007\u001b[2J\u001b[31mred\u009b2J","n":["\u001b[1m"],"b":true}"#;
        for text in [
            "{{ (message | parsejson).k }}",
            "{{ message | parsejson }}",
            "{% set it = message | parsejson %}{{ it.k | levelcolor }}{{ it.k | upper }}{{ it.n }}{{ it.n[0] ~ it.k }}{{ it.b }}",
            "{% set it = message | parsejson %}{{ it.k | e }}{{ it.k | safe }}{{ it | tojson }}{{ it.k | extjson }}",
            "{% for c in (message | parsejson).k %}{{ c }}{% endfor %}",
            "{{ (message | parsejson).k | red }}{{ (message | parsejson).k | color | bold }}",
        ] {
            let mut out = Vec::new();
            LineTemplate::new(text, style.clone()).unwrap().write(&mut out, sample(json)).unwrap();
            let shown = String::from_utf8(out).unwrap();
            let plain = shown.replace("\x1b[31m", "").replace("\x1b[38;5;28m", "").replace("\x1b[1m", "");
            let plain = plain.replace("\x1b[0m", "");
            assert!(!plain.contains(|c: char| c.is_control()), "{text}: {shown:?}");
        }
        let mut out = Vec::new();
        LineTemplate::new("{{ 'x' | red }} {{ message | bold }}", style).unwrap().write(&mut out, sample("m")).unwrap();
        assert_eq!(out, b"\x1b[31mx\x1b[0m \x1b[1mm\x1b[0m", "our own colours stay");
    }

    #[test]
    fn what_one_line_lacks_others_may_have() {
        let template = template("{{ (message | parsejson).n + 1 }}", false).unwrap();
        assert_eq!(template.made(sample("{\"n\":1}")).unwrap(), "2");
        let error = template.write(&mut Vec::new(), sample("text")).unwrap_err();
        assert_eq!(error.line, Some(1));
    }

    #[test]
    fn without_colour_there_is_none() {
        let mut out = Vec::new();
        template("{{ name | color }}{{ 'x' | red }}{{ 'warn' | levelcolor }}", false)
            .unwrap()
            .write(&mut out, sample(""))
            .unwrap();
        assert_eq!(out, b"blastn-s03-000-p9vp5xwarn");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, part) in [
            ("", None, "it is empty"),
            ("{{ message", Some(1), "syntax error"),
            ("a\n{{ massage }}", Some(2), "no field \"massage\"; there are timestamp, message"),
            ("a\n\n{{ message | uper }}", Some(3), "uper"),
            ("{% if message %}", Some(1), "syntax error"),
            ("{{ .Message }}", Some(1), "{{ message }} for {{.Message}}"),
            ("{{json .}}", Some(1), "Jinja"),
            ("{{ message is odder }}", Some(1), "odder"),
            ("{{ timestamp | strftime }}", Some(1), "missing argument"),
        ] {
            let error = template(text, false).unwrap_err();
            assert!(error.line == line && error.what.contains(part), "{text}: {error}");
        }
    }
}
