//! What the servers of this API can't take, as data: one row per server.

/// A server that speaks the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Any server: what nearly all of them take.
    #[default]
    Plain,
    /// OpenAI itself.
    OpenAi,
    /// Azure OpenAI.
    Azure,
    /// vLLM.
    Vllm,
    /// Ollama.
    Ollama,
    /// The server of llama.cpp.
    LlamaCpp,
    /// LM Studio.
    LmStudio,
    /// `OpenRouter`.
    OpenRouter,
    /// `DeepSeek`.
    DeepSeek,
}

/// What is special about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// Where the key goes.
    pub auth: Auth,
    /// In which role the operator speaks.
    pub operator: OperatorRole,
    /// The name of the field for the most tokens of an answer.
    pub limit: LimitField,
    /// Which images it can be shown.
    pub images: Images,
    /// What of the model's thinking it wants back.
    pub reasoning_back: ReasoningBack,
    /// `stream_options` with `include_usage`.
    pub stream_options: Support,
    /// `strict` of a tool.
    pub strict: Support,
    /// `parallel_tool_calls`.
    pub parallel_tool_calls: Support,
    /// `tool_choice` that names a tool. Elsewhere this tool alone is shown, and a call is required.
    pub named_tool_choice: Support,
    /// `reasoning_effort`.
    pub reasoning_effort: Support,
    /// Files in what the user says.
    pub files: Support,
    /// Which forms of answers it can be told of.
    pub forms: Forms,
}

/// Whether a server takes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Yes,
    /// It doesn't, or fails over it.
    No,
}

/// Where the key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer`.
    Bearer,
    /// `api-key`.
    ApiKeyHeader,
}

/// In which role the operator speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorRole {
    /// `developer`.
    Developer,
    /// `system`.
    System,
    /// `system`, once and at the beginning; what comes later is said as `user`, because chat templates refuse it.
    SystemFirst,
}

/// The name of the field for the most tokens of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitField {
    /// The older `max_tokens`.
    MaxTokens,
    /// `max_completion_tokens`.
    MaxCompletionTokens,
}

/// Which images a server can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// Any address.
    Any,
    /// Only such as come in a `data:` address.
    Inline,
    /// None.
    Refused,
}

/// What of the model's thinking a server wants back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningBack {
    /// Nothing.
    Nothing,
    /// The `reasoning_details` that came, as they came. Where none did, the text of it with the calls of the answer
    /// that is still going on, in the field `reasoning`.
    Details,
    /// All of it, with everything that the model said, as text in the field of this name; empty where there is none.
    Always(&'static str),
}

/// Which forms of answers a server can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// JSON that fits a schema.
    Schema,
    /// Any JSON. The schema is told to the model in words.
    Object,
}

const PLAIN: Quirks = Quirks {
    auth: Auth::Bearer,
    operator: OperatorRole::System,
    limit: LimitField::MaxTokens,
    images: Images::Any,
    reasoning_back: ReasoningBack::Nothing,
    stream_options: Support::Yes,
    strict: Support::No,
    parallel_tool_calls: Support::Yes,
    named_tool_choice: Support::Yes,
    reasoning_effort: Support::Yes,
    files: Support::No,
    forms: Forms::Schema,
};

const OPEN_AI: Quirks = Quirks {
    operator: OperatorRole::Developer,
    limit: LimitField::MaxCompletionTokens,
    strict: Support::Yes,
    files: Support::Yes,
    ..PLAIN
};

const AZURE: Quirks = Quirks {
    auth: Auth::ApiKeyHeader,
    files: Support::No,
    ..OPEN_AI
};

/// Servers that put what they get into the chat template of a model.
const TEMPLATED: Quirks = Quirks {
    operator: OperatorRole::SystemFirst,
    ..PLAIN
};

const LLAMA_CPP: Quirks = Quirks {
    reasoning_effort: Support::No,
    ..TEMPLATED
};

const OLLAMA: Quirks = Quirks {
    images: Images::Inline,
    parallel_tool_calls: Support::No,
    ..TEMPLATED
};

const LM_STUDIO: Quirks = Quirks {
    named_tool_choice: Support::No,
    reasoning_effort: Support::No,
    ..OLLAMA
};

const OPEN_ROUTER: Quirks = Quirks {
    reasoning_back: ReasoningBack::Details,
    strict: Support::Yes,
    files: Support::Yes,
    ..PLAIN
};

const DEEP_SEEK: Quirks = Quirks {
    images: Images::Refused,
    // With the thoughts of one call missing it refuses all that follows.
    // <https://api-docs.deepseek.com/guides/thinking_mode>
    reasoning_back: ReasoningBack::Always("reasoning_content"),
    parallel_tool_calls: Support::No,
    forms: Forms::Object,
    ..PLAIN
};

/// The names as they are written in a configuration.
const NAMES: [(&str, Profile); 9] = [
    ("plain", Profile::Plain),
    ("openai", Profile::OpenAi),
    ("azure", Profile::Azure),
    ("vllm", Profile::Vllm),
    ("ollama", Profile::Ollama),
    ("llama_cpp", Profile::LlamaCpp),
    ("lm_studio", Profile::LmStudio),
    ("openrouter", Profile::OpenRouter),
    ("deepseek", Profile::DeepSeek),
];

impl Profile {
    /// The names of all profiles, as they are written in a configuration.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        let (_, profile) = NAMES.iter().find(|(known, _)| *known == name)?;
        Some(*profile)
    }

    /// What is special about the server.
    pub fn quirks(self) -> &'static Quirks {
        match self {
            Self::Plain => &PLAIN,
            Self::OpenAi => &OPEN_AI,
            Self::Azure => &AZURE,
            Self::Vllm => &TEMPLATED,
            Self::Ollama => &OLLAMA,
            Self::LlamaCpp => &LLAMA_CPP,
            Self::LmStudio => &LM_STUDIO,
            Self::OpenRouter => &OPEN_ROUTER,
            Self::DeepSeek => &DEEP_SEEK,
        }
    }
}
