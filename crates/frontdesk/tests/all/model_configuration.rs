//! `[model.NAME]`: each provider with its keys, and what a mistake is told as.

use std::fs;
use std::time::Duration;

use frontdesk::config::{
    Config, Environment, ModelEndpoint, ModelSection, Origin, Provider, Sources,
};
use frontdesk_model::Settings;
use frontdesk_model::anthropic::{Caching, Thinking};
use frontdesk_model::openai_chat::Profile;
use frontdesk_model::openai_responses::KeptAnswers;
use serde_json::json;
use tempfile::TempDir;

pub(super) type Variables = &'static [(&'static str, &'static str)];

/// What is read; else what is said about it, with `FILE` for the file's path.
pub(super) fn read(file: &str, variables: Variables) -> Result<Config, String> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.toml");
    fs::write(&path, file).unwrap();
    let variables = variables.iter();
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let sources = Sources {
        file: Some(path.clone()),
        environment: Environment::new(variables),
        flags: Vec::new(),
    };
    Config::read(&sources)
        .map_err(|error| error.to_string().replace(path.to_str().unwrap(), "FILE"))
}

fn model(keys: &str, variables: Variables) -> ModelSection {
    let config = read(&format!("[model.default]\n{keys}"), variables).unwrap();
    config.models["default"].clone()
}

/// Address, name and key.
fn where_it_is(endpoint: &ModelEndpoint) -> (&str, &str, Option<&str>) {
    let api_key = endpoint.api_key.as_ref().map(|key| key.value.expose());
    (
        endpoint.base_url.value.as_str(),
        &endpoint.name.value,
        api_key,
    )
}

const OPENAI_KEY: Variables = &[("OPENAI_API_KEY", "sk-openai")];

/// Keys of a section, variables, and the profile and endpoint that come of them.
type Served = (
    &'static str,
    Variables,
    Profile,
    (&'static str, &'static str, Option<&'static str>),
);

const SERVED: &[Served] = &[
    (
        "",
        OPENAI_KEY,
        Profile::OpenAi,
        ("https://api.openai.com/v1", "gpt-5.6", Some("sk-openai")),
    ),
    (
        "",
        &[
            ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
            ("OPENAI_MODEL", "small"),
        ],
        Profile::Plain,
        ("http://127.0.0.1:9/v1", "small", None),
    ),
    (
        "base_url = \"http://localhost:9/v1\"\nname = \"x\"\napi_key = \"k\"",
        OPENAI_KEY,
        Profile::Plain,
        ("http://localhost:9/v1", "x", Some("k")),
    ),
    (
        "profile = \"openai\"\nbase_url = \"https://eu.api.openai.com/v1\"",
        OPENAI_KEY,
        Profile::OpenAi,
        ("https://eu.api.openai.com/v1", "gpt-5.6", Some("sk-openai")),
    ),
    (
        "profile = \"ollama\"\nname = \"qwen3\"",
        OPENAI_KEY,
        Profile::Ollama,
        ("http://localhost:11434/v1", "qwen3", None),
    ),
    (
        "profile = \"llama_cpp\"\nname = \"x\"",
        &[],
        Profile::LlamaCpp,
        ("http://localhost:8080/v1", "x", None),
    ),
    (
        "profile = \"lm_studio\"\nname = \"x\"",
        &[],
        Profile::LmStudio,
        ("http://localhost:1234/v1", "x", None),
    ),
    (
        "profile = \"vllm\"\nname = \"x\"\nbase_url = \"http://gpu:8000/v1\"",
        &[],
        Profile::Vllm,
        ("http://gpu:8000/v1", "x", None),
    ),
    (
        "profile = \"openrouter\"\nname = \"a/b\"\napi_key = \"sk-or\"",
        OPENAI_KEY,
        Profile::OpenRouter,
        ("https://openrouter.ai/api/v1", "a/b", Some("sk-or")),
    ),
    (
        "profile = \"deepseek\"\nname = \"deepseek-chat\"",
        &[("OPENAI_BASE_URL", "http://elsewhere/v1")],
        Profile::DeepSeek,
        ("https://api.deepseek.com/v1", "deepseek-chat", None),
    ),
    (
        "profile = \"azure\"\nname = \"x\"\nbase_url = \"https://n.openai.azure.com/openai/v1\"\n\
         api_version = \"preview\"",
        OPENAI_KEY,
        Profile::Azure,
        ("https://n.openai.azure.com/openai/v1", "x", None),
    ),
];

#[test]
fn a_chat_completions_server_is_found_by_its_profile_and_gets_no_other_services_key() {
    for (keys, variables, expected_profile, expected) in SERVED {
        let section = model(&format!("provider = \"openai_chat\"\n{keys}"), variables);
        let Provider::OpenAiChat {
            endpoint, profile, ..
        } = &section.provider
        else {
            panic!("{section:?}");
        };
        assert_eq!(profile.value, *expected_profile, "{keys}");
        assert_eq!(where_it_is(endpoint), *expected, "{keys}");
        assert!(!format!("{section:?}").contains("sk-"), "{keys}");
    }
}

#[test]
fn anthropic_is_asked_under_its_version_wherever_it_is() {
    let keys = "provider = \"anthropic\"\nname = \"claude\"";
    for (more, variables, expected) in [
        (
            "",
            &[("ANTHROPIC_API_KEY", "sk-ant")] as Variables,
            ("https://api.anthropic.com/v1", "claude", Some("sk-ant")),
        ),
        (
            "",
            &[("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")],
            ("http://127.0.0.1:9/v1", "claude", None),
        ),
        (
            "base_url = \"https://gateway/anthropic/v1\"\napi_key = \"k\"",
            OPENAI_KEY,
            ("https://gateway/anthropic/v1", "claude", Some("k")),
        ),
        (
            "base_url = \"https://gateway\"",
            OPENAI_KEY,
            ("https://gateway/v1", "claude", None),
        ),
    ] {
        let section = model(&format!("{keys}\n{more}"), variables);
        let Provider::Anthropic { endpoint, .. } = &section.provider else {
            panic!("{section:?}");
        };
        assert_eq!(where_it_is(endpoint), expected, "{more}");
    }
}

#[test]
fn anthropic_thinks_and_remembers_as_configured() {
    for (more, expected) in [
        ("", (Thinking::ProviderDefault, Caching::On)),
        (
            "thinking = \"adaptive\"\ncaching = false",
            (Thinking::Adaptive, Caching::Off),
        ),
        (
            "thinking = 2048\ncaching = true",
            (Thinking::Budget(2048), Caching::On),
        ),
    ] {
        let section = model(
            &format!("provider = \"anthropic\"\nname = \"claude\"\n{more}"),
            &[],
        );
        let Provider::Anthropic {
            thinking, caching, ..
        } = &section.provider
        else {
            panic!("{section:?}");
        };
        assert_eq!((thinking.value, caching.value), expected, "{more}");
    }
}

#[test]
fn a_provider_keeps_its_answers_where_that_is_configured() {
    for (more, expected) in [
        ("", KeptAnswers::None),
        ("previous_response_id = false", KeptAnswers::None),
        ("previous_response_id = true", KeptAnswers::GoOnFrom),
    ] {
        let section = model(&format!("name = \"gpt\"\n{more}"), &[]);
        let Provider::OpenAiResponses { kept_answers, .. } = &section.provider else {
            panic!("{section:?}");
        };
        assert_eq!(kept_answers.value, expected, "{more}");
    }
}

#[test]
fn recorded_answers_are_played_from_a_file() {
    for keys in [
        "recording_file = \"calls.sse\"",
        "provider = \"scripted\"\nrecording_file = \"calls.sse\"",
    ] {
        let section = model(keys, OPENAI_KEY);
        let Provider::Recorded { recording_file } = &section.provider else {
            panic!("{section:?}");
        };
        assert_eq!(recording_file.value.to_str(), Some("calls.sse"));
    }
}

#[test]
fn a_models_answers_and_calls_are_as_configured() {
    let usual = model("", &[]);
    assert_eq!(usual.settings, Settings::default());
    assert_eq!(usual.calls.first_byte_timeout.value, Duration::from_mins(2));
    assert_eq!(usual.calls.retries.origin, Origin::Default);

    let section = model(
        "base_url = \"http://localhost:9/v1\"\ntemperature = 1\ntop_p = 0.5\nmax_output_tokens = 100\n\
         reasoning_effort = \"low\"\nreasoning_summary = \"auto\"\n\
         extra = { service_tier = \"flex\", metadata = { day = 2026-01-31, deep = [1, { x = 0.5 }] } }\n\
         first_byte_timeout = \"5s\"\nidle_timeout = \"6s\"\nretries = 0",
        &[],
    );
    let extra = json!({
        "service_tier": "flex",
        "metadata": { "day": "2026-01-31", "deep": [1, { "x": 0.5 }] },
    });
    assert_eq!(
        section.settings,
        Settings {
            temperature: Some(1.0),
            top_p: Some(0.5),
            max_output_tokens: Some(100),
            reasoning_effort: Some("low".to_owned()),
            reasoning_summary: Some("auto".to_owned()),
            extra: extra.as_object().unwrap().clone(),
        }
    );
    let calls = &section.calls;
    assert_eq!(calls.first_byte_timeout.value, Duration::from_secs(5));
    assert_eq!(calls.idle_timeout.value, Duration::from_secs(6));
    assert_eq!(calls.retries.value, 0);
    assert!(matches!(calls.retries.origin, Origin::File(_)));
}

#[test]
fn a_table_of_somebody_elses_names_is_json_in_a_variable() {
    let variables: Variables = &[
        (
            "FRONTDESK__MODEL__DEFAULT__EXTRA",
            "{\"Mixed.Case\": {\"a\": null}}",
        ),
        ("FRONTDESK__MODEL__DEFAULT__THINKING", "4096"),
        ("FRONTDESK__MODEL__DEFAULT__RETRIES", "5"),
    ];
    let section = model(
        "provider = \"anthropic\"\nname = \"claude\"\nextra.replaced = true",
        variables,
    );
    assert_eq!(
        json!(section.settings.extra),
        json!({ "Mixed.Case": { "a": null } })
    );
    assert_eq!(section.calls.retries.value, 5);
    let origin = "FRONTDESK__MODEL__DEFAULT__RETRIES".to_owned();
    assert_eq!(section.calls.retries.origin, Origin::Variable(origin));
    assert!(matches!(
        section.provider,
        Provider::Anthropic { thinking, .. } if thinking.value == Thinking::Budget(4096)
    ));
}

const MISTAKES: &[(&str, &str)] = &[
    (
        "provider = \"gpt\"",
        "model.default.provider (from FILE): expected one of \"openai_responses\", \"openai_chat\", \"anthropic\", \
         \"scripted\", found \"gpt\"",
    ),
    (
        "provider = \"anthropic\"",
        "model.default.name is missing: expected the model's name at its provider",
    ),
    (
        "provider = \"anthropic\"\nname = \"x\"\nprofile = \"vllm\"",
        "model.default.profile (from FILE) has no meaning for the provider \"anthropic\"",
    ),
    (
        "provider = \"openai_chat\"\nname = \"x\"\ncaching = true",
        "model.default.caching (from FILE) has no meaning for the provider \"openai_chat\"",
    ),
    (
        "base_url = \"http://localhost/v1\"\nthinking = \"adaptive\"",
        "model.default.thinking (from FILE) has no meaning for the provider \"openai_responses\"",
    ),
    (
        "provider = \"scripted\"\napi_key_file = \"x\"",
        "model.default.api_key_file (from FILE) has no meaning for the provider \"scripted\"",
    ),
    (
        "provider = \"openai_chat\"\nprofile = \"vllm\"",
        "model.default.base_url is missing: expected a URL such as \"http://localhost:9000/v1\"",
    ),
    (
        "provider = \"openai_chat\"\nprofile = \"ollama\"",
        "model.default.name is missing: expected the model's name at its provider",
    ),
    (
        "provider = \"openai_chat\"\nprofile = \"olama\"",
        "model.default.profile (from FILE): expected one of \"plain\", \"openai\", \"azure\", \"vllm\", \"ollama\", \
         \"llama_cpp\", \"lm_studio\", \"openrouter\", \"deepseek\", found \"olama\"",
    ),
    (
        "provider = \"openai_chat\"\nprofile = \"ollama\"\nname = \"x\"\napi_version = \"1\"",
        "model.default.api_version (from FILE) has a meaning for the profile \"azure\" alone",
    ),
    (
        "provider = \"openai_chat\"\nprofil = \"ollama\"",
        "unknown key: model.default.profil (from FILE); did you mean model.default.profile?",
    ),
    (
        "provider = \"anthropic\"\nname = \"x\"\nthinking = 100",
        "model.default.thinking (from FILE): expected \"adaptive\" or a number of tokens from 1024, found 100",
    ),
    (
        "temperature = 3",
        "model.default.temperature (from FILE): expected a number from 0 to 2, found 3",
    ),
    (
        "top_p = nan",
        "model.default.top_p (from FILE): expected a number from 0 to 1, found nan",
    ),
    (
        "retries = -1",
        "model.default.retries (from FILE): expected a number from 0, found -1",
    ),
    (
        "idle_timeout = \"0s\"",
        "model.default.idle_timeout (from FILE): expected a time span above zero such as \"500ms\", \"60s\", \"5m\" or \
         \"1h\", found \"0s\"",
    ),
    (
        "rules_file = \"x\"\nrecording_file = \"y\"",
        "model.default.rules_file (from FILE) has no meaning beside a recording_file",
    ),
    (
        "provider = \"anthropic\"\nname = \"x\"\nprevious_response_id = true",
        "model.default.previous_response_id (from FILE) has no meaning for the provider \"anthropic\"",
    ),
    (
        "extra = \"x\"",
        "model.default.extra (from FILE): expected a table of further fields of the request, found \"x\"",
    ),
    (
        "extra.stream = false",
        "model.default.extra.stream (from FILE) can't be set: it is what every request is made of",
    ),
    (
        "extra.x = inf",
        "model.default.extra (from FILE): expected a table of further fields of the request, found { x = inf }",
    ),
];

#[test]
fn mistakes_of_a_model_name_the_key_its_origin_and_what_was_expected() {
    for (keys, expected) in MISTAKES {
        let said = read(&format!("[model.default]\n{keys}"), &[]).map(|_| ());
        assert_eq!(said, Err((*expected).to_owned()), "{keys}");
    }
}
