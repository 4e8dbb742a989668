/** Code ▸ its parts by what they are, for the most used languages. Loaded when a first block of code is over. */

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

export interface CodePart {
  /** Such as `keyword`; empty where it is of no kind. */
  kind: string;
  children: (CodePart | string)[];
}

/** Builds the tree itself, so that nothing is ever written as HTML. */
class Builder {
  readonly root: CodePart = { kind: "", children: [] };
  readonly #open: CodePart[] = [this.root];

  #top(): CodePart {
    return this.#open.at(-1) ?? this.root;
  }
  addText(text: string): void {
    if (text) this.#top().children.push(text);
  }
  openNode(kind: string): void {
    const part: CodePart = { kind, children: [] };
    this.#top().children.push(part);
    this.#open.push(part);
  }
  closeNode(): void {
    if (this.#open.length > 1) this.#open.pop();
  }
  startScope(kind: string): void {
    this.openNode(kind);
  }
  endScope(): void {
    this.closeNode();
  }
  __addSublanguage(other: { root: CodePart }): void {
    this.#top().children.push(other.root);
  }
  finalize(): void {
    this.#open.length = 1;
  }
  toHTML(): string {
    return "";
  }
}

hljs.configure({ __emitter: Builder as never });
// Pages name it for what is within them.
const javascript = typescript;
const languages = { bash, cpp, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerAliases(["js", "jsx", "mjs", "cjs"], { languageName: "javascript" });
hljs.registerAliases(["c", "h", "arduino"], { languageName: "cpp" });
hljs.registerAliases(["shell", "console", "sh-session"], { languageName: "bash" });
hljs.registerAliases(["svelte", "vue"], { languageName: "xml" });
hljs.registerAliases(["toml", "ini"], { languageName: "yaml" });
hljs.registerAliases(["scss", "less"], { languageName: "css" });

/** The code by its parts; `null` where the language isn't known. */
export function highlighted(code: string, language: string): CodePart | null {
  if (!hljs.getLanguage(language)) return null;
  try {
    const { _emitter: builder } = hljs.highlight(code, { language, ignoreIllegals: true });
    return (builder as unknown as Builder).root;
  } catch {
    return null;
  }
}
