/** The page's options ▸ settings with every default filled in. */

import type {
  ChatKitOptions,
  ColorScheme,
  Command,
  CommandSelection,
  CustomApiConfig,
  Entity,
  HeaderOption,
  ModelOption,
  StartScreenPrompt,
  ThemeOption,
  ToolOption,
  Widgets,
} from "@openai/chatkit";

/** Besides ChatKit's own schemes there is `system`, which follows the reader's. */
export type Scheme = ColorScheme | "system";
export type Theme = Omit<ThemeOption, "colorScheme"> & { colorScheme?: Scheme };

/** What an application set, and our defaults for the rest. */
export interface Settings {
  readonly api: CustomApiConfig;
  /** As the application asked for it; `null` follows the browser. */
  readonly locale: string | null;
  /** Without a `colorScheme` it is light. */
  readonly theme: Theme;
  /** The accessible name of the whole chat. */
  readonly title: string;
  readonly initialThread: string | null;
  readonly onClientTool: ChatKitOptions["onClientTool"];
  readonly header: HeaderOption & { enabled: boolean };
  readonly history: { enabled: boolean; showDelete: boolean; showRename: boolean };
  /** No greeting: the locale's. */
  readonly startScreen: { greeting?: string; prompts: StartScreenPrompt[] };
  readonly actions: { feedback: boolean; retry: boolean };
  readonly composer: {
    placeholder?: string;
    attachments: AttachmentLimits | null;
    tools: ToolOption[];
    models: ModelOption[];
    dictation: boolean;
  };
  readonly disclaimer: { text: string; highContrast: boolean } | null;
  readonly entities: {
    search?: (query: string) => Promise<Entity[]>;
    showMenu: boolean;
    click?: (entity: Entity) => void;
    preview?: (entity: Entity) => Promise<{ preview: Widgets.BasicRoot | null }>;
  };
  readonly commands: {
    search?: (query: string) => Promise<Command[]>;
    select?: (command: Command) => Promise<void | CommandSelection>;
  } | null;
  readonly onWidgetAction: NonNullable<ChatKitOptions["widgets"]>["onAction"];
  readonly autoScroll: boolean;
}

/** What may be attached to a message. */
export interface AttachmentLimits {
  /** Bytes, by MIME type; `*` is for all others. */
  maxSize: Record<string, number>;
  maxCount: number;
  /** Name endings by MIME type; without any, everything may be attached. */
  accept: Record<string, string[]> | null;
}

const MAX_SIZE = 100 * 1024 * 1024;
const MAX_COUNT = 10;

/** Complete settings. Throws where the options can't work, and says what is missing. */
export function settingsOf(options: ChatKitOptions): Settings {
  const { api, theme, header, history, startScreen, threadItemActions, composer, disclaimer } = options;
  if (!api || !("url" in api) || typeof api.url !== "string") {
    throw new TypeError("chat options: api.url is missing; name the address of the chat's server, such as \"/chatkit\"");
  }
  return {
    api,
    locale: options.locale ?? null,
    theme: typeof theme === "string" ? { colorScheme: theme } : (theme ?? {}),
    title: options.frameTitle ?? "Chat",
    initialThread: options.initialThread ?? null,
    onClientTool: options.onClientTool,
    header: { ...header, enabled: header?.enabled ?? true },
    history: {
      enabled: history?.enabled ?? true,
      showDelete: history?.showDelete ?? true,
      showRename: history?.showRename ?? true,
    },
    startScreen: {
      ...(startScreen?.greeting !== undefined && { greeting: startScreen.greeting }),
      prompts: startScreen?.prompts ?? [],
    },
    actions: { feedback: threadItemActions?.feedback ?? false, retry: threadItemActions?.retry ?? false },
    composer: {
      ...(composer?.placeholder !== undefined && { placeholder: composer.placeholder }),
      attachments: composer?.attachments?.enabled ? limits(composer.attachments) : null,
      tools: composer?.tools ?? [],
      models: composer?.models ?? [],
      dictation: composer?.dictation?.enabled ?? false,
    },
    disclaimer: disclaimer ? { text: disclaimer.text, highContrast: disclaimer.highContrast ?? false } : null,
    entities: {
      search: options.entities?.onTagSearch,
      showMenu: options.entities?.showComposerMenu ?? false,
      click: options.entities?.onClick,
      preview: options.entities?.onRequestPreview,
    },
    commands: options.commands?.enabled
      ? { search: options.commands.onSearch, select: options.commands.onSelect }
      : null,
    onWidgetAction: options.widgets?.onAction,
    autoScroll: options.thread?.autoScroll ?? false,
  };
}

type Attaching = NonNullable<NonNullable<ChatKitOptions["composer"]>["attachments"]>;

function limits({ maxSize, maxCount, accept }: Attaching): AttachmentLimits {
  const sizes = typeof maxSize === "number" ? { "*": maxSize } : { ...maxSize };
  const { "": unnamed, ...named } = sizes as Record<string, number>;
  return {
    maxSize: { ...named, "*": named["*"] ?? unnamed ?? MAX_SIZE },
    maxCount: maxCount ?? MAX_COUNT,
    accept: accept && Object.keys(accept).length > 0 ? accept : null,
  };
}
