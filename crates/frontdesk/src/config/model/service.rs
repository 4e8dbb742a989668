//! Where a model answers: what the section says, else the variables that are known elsewhere, else the usual place.

use frontdesk_identity::Secret;
use frontdesk_model::anthropic::ANTHROPIC_BASE_URL;
use frontdesk_model::openai_chat::Profile;
use frontdesk_model::openai_responses::OPENAI_BASE_URL;
use url::Url;

use super::super::section::Section;
use super::super::web_address::web_address;
use super::super::{ConfigError, Environment, Setting};

/// The model that OpenAI is asked for when nothing is said.
const OPENAI_MODEL: &str = "gpt-5.6";

/// Where a model answers, and to which name.
#[derive(Debug, Clone)]
pub struct ModelEndpoint {
    /// `base_url`: the address before the dialect's own path.
    pub base_url: Setting<Url>,
    /// `name`: the model's name at the provider.
    pub name: Setting<String>,
    /// `api_key` or `api_key_file`.
    pub api_key: Option<Setting<Secret>>,
}

/// What is known of a service before the section is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// Its address, where there is a usual one.
    base_url: Option<&'static str>,
    /// An address for the operator to see what one looks like.
    example: &'static str,
    /// The model to ask when nothing is said.
    name: Option<&'static str>,
    variables: Variables,
}

/// The variables that are known elsewhere. A key of one service is never sent to another.
#[derive(Debug, Clone, Copy)]
struct Variables {
    base_url: Option<&'static str>,
    api_key: Option<&'static str>,
    name: Option<&'static str>,
}

const NO_VARIABLES: Variables = Variables {
    base_url: None,
    api_key: None,
    name: None,
};

const OPENAI_VARIABLES: Variables = Variables {
    base_url: Some("OPENAI_BASE_URL"),
    api_key: Some("OPENAI_API_KEY"),
    name: Some("OPENAI_MODEL"),
};

/// OpenAI itself, or what `OPENAI_BASE_URL` says is like it.
pub(super) const OPENAI: Service = Service {
    base_url: Some(OPENAI_BASE_URL),
    example: OPENAI_BASE_URL,
    name: Some(OPENAI_MODEL),
    variables: OPENAI_VARIABLES,
};

/// Anthropic itself, or what `ANTHROPIC_BASE_URL` says is like it.
pub(super) const ANTHROPIC: Service = Service {
    base_url: Some(ANTHROPIC_BASE_URL),
    example: ANTHROPIC_BASE_URL,
    name: None,
    variables: Variables {
        base_url: Some("ANTHROPIC_BASE_URL"),
        api_key: Some("ANTHROPIC_API_KEY"),
        name: None,
    },
};

/// A server that has no usual address.
const fn server(example: &'static str) -> Service {
    Service {
        base_url: None,
        example,
        name: None,
        variables: NO_VARIABLES,
    }
}

/// A server that is usually found here.
const fn server_at(base_url: &'static str) -> Service {
    Service {
        base_url: Some(base_url),
        ..server(base_url)
    }
}

/// The server of a profile.
pub(super) fn of_profile(profile: Profile) -> Service {
    match profile {
        Profile::Plain => Service {
            variables: OPENAI_VARIABLES,
            ..server("http://localhost:9000/v1")
        },
        Profile::OpenAi => OPENAI,
        Profile::Azure => server("https://NAME.openai.azure.com/openai/v1"),
        Profile::Vllm => server("http://localhost:9000/v1"),
        Profile::Ollama => server_at("http://localhost:11434/v1"),
        Profile::LlamaCpp => server_at("http://localhost:8080/v1"),
        Profile::LmStudio => server_at("http://localhost:1234/v1"),
        Profile::OpenRouter => server_at("https://openrouter.ai/api/v1"),
        Profile::DeepSeek => server_at("https://api.deepseek.com/v1"),
    }
}

impl ModelEndpoint {
    pub(super) fn read(
        section: &mut Section<'_>,
        environment: &Environment,
        service: Service,
    ) -> Result<Self, ConfigError> {
        let variable = |name: Option<&str>| environment.get(name?);
        let base_url = section.text("base_url")?;
        let name = section.name("name")?;
        let api_key = section.secret("api_key")?;
        let known = service.variables;
        let base_url = match (base_url, variable(known.base_url)) {
            (Some(url), _) => web_address(section.key("base_url"), url, service.example)?,
            (None, Some(url)) => {
                let variable = known.base_url.unwrap_or_default().to_owned();
                web_address(variable, url, service.example)?
            }
            (None, None) => {
                let usual = service.base_url.ok_or_else(|| ConfigError::Missing {
                    key: section.key("base_url"),
                    expected: format!("a URL such as \"{}\"", service.example),
                })?;
                let usual = Setting::default_value(usual.to_owned());
                web_address(section.key("base_url"), usual, service.example)?
            }
        };
        let usual_name = service
            .name
            .map(|name| Setting::default_value(name.to_owned()));
        let name = name.or_else(|| variable(known.name)).or(usual_name);
        let name = name.ok_or_else(|| ConfigError::Missing {
            key: section.key("name"),
            expected: "the model's name at its provider".to_owned(),
        })?;
        let key_of_variable = || Some(variable(known.api_key)?.map(Secret::new));
        Ok(Self {
            base_url,
            name,
            api_key: api_key.or_else(key_of_variable),
        })
    }

    /// The same with `/v1` where the address has no path, as the variable of this provider is set elsewhere.
    pub(super) fn with_version(mut self) -> Self {
        if self.base_url.value.path() == "/" {
            self.base_url.value.set_path("/v1");
        }
        self
    }
}
