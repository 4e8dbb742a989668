//! `[guardrail.NAME]` and what `[chat]` says of the assistant: what they mean, and what a mistake is told as.

use frontdesk::config::{Check, Checked, Origin};
use frontdesk_agent::Timing;

use super::model_configuration::read;

#[test]
fn guardrails_are_patterns_and_questions() {
    let file = "[model.small]\n\
                [guardrail.cards]\non = [\"input\", \"output\", \"tool_input\", \"tool_output\", \"input\"]\n\
                patterns = ['\\d{16}', '\\d{4} \\d{4}']\nreplace = \"\"\n\
                [guardrail.topic]\non = [\"input\"]\nmodel = \"small\"\nquestion = \"Is it off topic?\"\n\
                stop = \"No.\"\ntiming = \"blocking\"\n[agent.assistant]\nguardrails = [\"topic\", \"cards\"]";
    let config = read(file, &[]).unwrap();
    let named = config.agents["assistant"].guardrails.as_ref().unwrap();
    assert_eq!(named.value, ["topic", "cards"]);

    let cards = &config.guardrails["cards"];
    assert_eq!(
        cards.on.value,
        [
            Checked::Input,
            Checked::Output,
            Checked::ToolInput,
            Checked::ToolOutput
        ]
    );
    assert!(matches!(cards.on.origin, Origin::File(_)));
    assert!(matches!(cards.check, Check::Patterns(_)));
    assert!(cards.timing.is_none());

    let topic = &config.guardrails["topic"];
    let Check::Question {
        model,
        question,
        stop,
    } = &topic.check
    else {
        panic!("{topic:?}");
    };
    assert_eq!(
        [&model.value, &question.value, &stop.value],
        ["small", "Is it off topic?", "No."]
    );
    assert_eq!(topic.timing.as_ref().unwrap().value, Timing::Blocking);
}

#[test]
fn what_the_assistant_does_besides_answering_is_read() {
    let usual = read("", &[]).unwrap().chat.assistant;
    assert!(usual.page_headers.is_none() && usual.history_items.is_none());
    assert!(usual.title_model.is_none() && usual.selectable_tools.is_none());

    let file = "[model.default]\n[model.small]\n[model.whisper]\nname = \"whisper-1\"\n[chat]\n\
                page_headers = { title = \"X-Title\", project = \"X-Project\" }\n\
                title_model = \"small\"\nsummary_model = \"default\"\ntranscription_model = \"whisper\"\n\
                history_items = 50\nhistory_tokens = 9000\n\
                selectable_models = [\"small\", \"default\"]\nselectable_tools = [\"add_task\"]";
    let keys = read(file, &[]).unwrap().chat.assistant;
    let headers = keys.page_headers.unwrap();
    let headers: Vec<_> = headers
        .iter()
        .map(|(field, name)| (field.as_str(), name.value.as_str()))
        .collect();
    assert_eq!(headers, [("project", "x-project"), ("title", "x-title")]);
    assert_eq!(keys.title_model.unwrap().value, "small");
    assert_eq!(keys.summary_model.unwrap().value, "default");
    assert_eq!(keys.transcription_model.unwrap().value, "whisper");
    assert_eq!(keys.history_items.unwrap().value, 50);
    let tokens = keys.history_tokens.unwrap();
    assert_eq!(tokens.value, 9000);
    assert!(matches!(tokens.origin, Origin::File(_)));
    assert_eq!(keys.selectable_models.unwrap().value, ["small", "default"]);
    assert_eq!(keys.selectable_tools.unwrap().value, ["add_task"]);

    let no_headers = read("[chat]\npage_headers = {}", &[]).unwrap();
    assert!(no_headers.chat.assistant.page_headers.unwrap().is_empty());
}

const MISTAKES: &[(&str, &str)] = &[
    (
        "[guardrail.x]\npattern = \"x\"\nstop = \"no\"",
        "guardrail.x.on is missing: expected some of \"input\", \"output\", \"tool_input\", \"tool_output\"",
    ),
    (
        "[guardrail.x]\non = [\"inputs\"]\npattern = \"x\"\nstop = \"no\"",
        "guardrail.x.on (from FILE): expected some of \"input\", \"output\", \"tool_input\", \"tool_output\", \
         found \"inputs\"",
    ),
    (
        "[guardrail.x]\non = []\npattern = \"x\"\nstop = \"no\"",
        "guardrail.x.on (from FILE): expected some of \"input\", \"output\", \"tool_input\", \"tool_output\", found none",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\nstop = \"no\"",
        "guardrail.x.pattern is missing: expected a regular expression; or a question for a model",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\npattern = \"x\"",
        "guardrail.x.stop is missing: expected what the user reads when a pattern fits; or replace",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\npattern = \"x\"\nstop = \"no\"\nreplace = \"y\"",
        "guardrail.x.stop and guardrail.x.replace are both set: keep one",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\npattern = \"x\"\npatterns = [\"x\"]\nstop = \"no\"",
        "guardrail.x.pattern and guardrail.x.patterns are both set: keep one",
    ),
    (
        "[guardrail.x]\non = [\"output\"]\npattern = \"x\"\nstop = \"no\"\ntiming = \"blocking\"",
        "guardrail.x.timing (from FILE) has a meaning where \"on\" has \"input\" alone",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\nquestion = \"x?\"",
        "guardrail.x.stop is missing: expected what the user reads when the answer is yes",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\nquestion = \"x?\"\nstop = \"no\"\nreplace = \"x\"",
        "guardrail.x.replace (from FILE) has no meaning for a guardrail that asks a question",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\nquestion = \"x?\"\nstop = \"no\"\nmodel = \"small\"",
        "guardrail.x.model (from FILE): expected names of [model.NAME] sections, found \"small\"",
    ),
    (
        "[guardrail.x]\non = [\"input\"]\npattern = \"x\"\nstop = \"no\"\nmodel = \"default\"",
        "guardrail.x.model (from FILE) has no meaning without a question",
    ),
    (
        "[chat]\ntitle_model = \"defaul\"",
        "chat.title_model (from FILE): expected names of [model.NAME] sections, found \"defaul\"; \
         did you mean \"default\"?",
    ),
    (
        "[chat]\nsummary_model = \"x\"",
        "chat.summary_model (from FILE): expected names of [model.NAME] sections, found \"x\"",
    ),
    (
        "[model.default]\nprovider = \"scripted\"\n[chat]\ntranscription_model = \"default\"",
        "chat.transcription_model (from FILE) is model.default, whose provider transcribes nothing: \
         \"openai_responses\" and \"openai_chat\" do",
    ),
    (
        "[chat]\nselectable_models = [\"default\", \"fast\"]",
        "chat.selectable_models (from FILE): expected names of [model.NAME] sections, found \"fast\"",
    ),
    (
        "[chat]\nhistory_items = 0",
        "chat.history_items (from FILE): expected a number of items from 1, found 0",
    ),
    (
        "[chat]\nhistory_tokens = \"x\"",
        "chat.history_tokens (from FILE): expected a number of tokens from 1, found \"x\"",
    ),
    (
        "[chat]\npage_headers = { title = \"X Title\" }",
        "chat.page_headers.title (from FILE): expected the name of a header, such as \"X-Page-Title\", \
         found \"X Title\"",
    ),
    (
        "[chat]\npage_headers = { who = \"Authorization\" }",
        "chat.page_headers.who (from FILE): expected a header that holds no secret, under a name that isn't a \
         secret's: the model reads it, found \"Authorization\"",
    ),
    (
        "[chat]\npage_headers = { token = \"X-Page\" }",
        "chat.page_headers.token (from FILE): expected a header that holds no secret, under a name that isn't a \
         secret's: the model reads it, found \"X-Page\"",
    ),
    (
        "[chat]\npage_headers = \"X-Title\"",
        "chat.page_headers (from FILE): expected a table",
    ),
    (
        "[chat]\nselectable_model = [\"default\"]",
        "unknown key: chat.selectable_model (from FILE); did you mean chat.selectable_models?",
    ),
];

#[test]
fn mistakes_of_guardrails_and_the_assistant_are_told() {
    for (file, expected) in MISTAKES {
        let said = read(file, &[]).map(|_| ());
        assert_eq!(said, Err((*expected).to_owned()), "{file}");
    }
}

#[test]
fn a_pattern_that_cannot_be_read_is_told_with_the_reason() {
    let file = "[guardrail.x]\non = [\"input\"]\npattern = \"(x\"\nstop = \"no\"";
    let said = read(file, &[]).map(|_| ()).unwrap_err();
    let begin = "guardrail.x.pattern (from FILE): expected regular expressions, found ";
    assert!(
        said.starts_with(begin) && said.contains("unclosed group"),
        "{said}"
    );
}
