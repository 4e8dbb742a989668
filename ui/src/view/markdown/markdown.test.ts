import assert from "node:assert/strict";
import { test } from "node:test";

import type { Token } from "marked";
import { h } from "preact";

import { ApplicationLink } from "./application-link";
import { block } from "./blocks";
import { Code } from "./code";
import { FormulaView } from "./formula";
import type { Rendering } from "./inline";
import { lex } from "./lexer";
import { marked } from "./marks";
import { Picture } from "./picture";
import { Reader } from "./reader";
import { TableView, tableOf } from "./table";
import { TaskMark } from "./task-mark";
import { walk, written, type Drawn } from "./walk";

const PAGE = "https://page.example/chat/";
const RENDERING: Rendering = {
  page: PAGE,
  gallery: { origins: ["https://page.example"], hosts: ["pictures.example", "*.cdn.example"] },
  levels: [3, 3, 4, 5, 6, 6, 6],
};
const NAMED = new Map<unknown, string>([
  [ApplicationLink, "application-link"],
  [Code, "code-block"],
  [FormulaView, "formula"],
  [Picture, "picture"],
  [TaskMark, "task-mark"],
]);

function drawn(tokens: readonly Token[], rendering = RENDERING): (Drawn | string)[] {
  const tables = new Map(NAMED);
  tables.set(TableView, "");
  return tokens.flatMap((token) =>
    token.type === "table" ? walk(tableOf(token as never, rendering), NAMED) : walk(block(token, rendering), NAMED),
  );
}

const html = (text: string, rendering = RENDERING) => written(drawn(lex(text), rendering));

const CASES: [name: string, text: string, expected: string][] = [
  ["emphasis", "a **b** _c_ ~~d~~ `e`", "<p>a <strong>b</strong> <em>c</em> <del>d</del> <code>e</code></p>"],
  ["line breaks", "a\nb", "<p>a<br></br>b</p>"],
  ["headings by rank", "# a\n### b", "<h3>a</h3><h5>b</h5>"],
  ["lists", "- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"],
  ["a list that begins late", "4. a\n5. b", '<ol start="4"><li>a</li><li>b</li></ol>'],
  [
    "tasks",
    "- [x] a\n- [ ] b",
    '<ul><li class="markdown-task"><task-mark isDone></task-mark>a</li>' +
      '<li class="markdown-task"><task-mark></task-mark>b</li></ul>',
  ],
  [
    "tables",
    "| a | b |\n|---|--:|\n| c | d<br>e |",
    '<table><thead><tr><th scope="col">a</th><th scope="col" class="table-right">b</th></tr></thead>' +
      '<tbody><tr><td>c</td><td class="table-right">d<br></br>e</td></tr></tbody></table>',
  ],
  ["characters by name", "a &amp; b &lt;i&gt; &#x41; &bogus;", "<p>a & b <i> A &bogus;</p>"],
  ["characters in code stay", "`&amp;`", "<p><code>&amp;</code></p>"],
  ["markup is text", "a <b onclick=x>c</b>\n\n<script>alert(1)</script>", "<p>a <b onclick=x>c</b></p><p><script>alert(1)</script></p>"],
  [
    "links",
    "[a](https://b.example/?c&amp;d) <mailto:e@f.example>",
    '<p><a href="https://b.example/?c&d" target="_blank" rel="noopener noreferrer">a</a> ' +
      '<a href="mailto:e@f.example">mailto:e@f.example</a></p>',
  ],
  [
    "links into the application",
    "[a](chatkit-link://open/it?id=5)",
    '<p><application-link name="open/it" data="{"id":"5"}">a</application-link></p>',
  ],
  [
    "links into the application in any language",
    "[a](chatkit-link://größe/klein%20&%20fein?of=Gr%C3%B6%C3%9Fe) [b](chatkit-link://100%25/5%)",
    '<p><application-link name="größe/klein & fein" data="{"of":"Größe"}">a</application-link> ' +
      '<application-link name="100%25/5%" data="{}">b</application-link></p>',
  ],
  ["code", "```js {1}\nlet a;\n```", '<code-block text="let a;" language="js" isOver></code-block>'],
  ["code that goes on", "```js\nlet a;", '<code-block text="let a;" language="js"></code-block>'],
  ["formulas in lines", "a $x_1 + y_2$ \\(z*w*\\) b", '<p>a <formula tex="x_1 + y_2"></formula> <formula tex="z*w*"></formula> b</p>'],
  ["formulas by themselves", "a\n\n$$\nx^2\n$$\n\n\\[y\\]\nb", '<p>a</p><formula tex="x^2" display></formula><formula tex="y" display></formula><p>b</p>'],
  ["prices are no formulas", "It is $5, or $10-$20, or US$30 and $40.", "<p>It is $5, or $10-$20, or US$30 and $40.</p>"],
  ["emphasis around a formula", "*a $b*c$ d*", '<p><em>a <formula tex="b*c"></formula> d</em></p>'],
  [
    "pictures of allowed places",
    "![a](https://pictures.example/b.png) ![c](/d.png) ![](https://x.cdn.example/e.png)",
    "<p>" +
      ["https://pictures.example/b.png|a", "https://page.example/d.png|c", "https://x.cdn.example/e.png|"]
        .map((pair) => pair.split("|"))
        .map(([src, alt]) => {
          const link = `<a href="${src}" target="_blank" rel="noopener noreferrer">${alt || src}</a>`;
          return `<picture src="${src}" alt="${alt}">${link}</picture>`;
        })
        .join(" ") +
      "</p>",
  ],
  [
    "pictures of other places are links",
    "![a](https://spy.example/?secret)",
    '<p><a href="https://spy.example/?secret" target="_blank" rel="noopener noreferrer">a</a></p>',
  ],
  [
    "pictures in links as their words",
    "[![a](https://spy.example/?secret)](https://b.example/)",
    '<p><a href="https://b.example/" target="_blank" rel="noopener noreferrer">a</a></p>',
  ],
];

for (const [name, text, expected] of CASES) {
  test(`draws ${name}`, () => assert.equal(html(text), expected));
}

test("leads nowhere that isn't allowed", () => {
  const hostile = [
    "[a](javascript:alert(1))",
    "[a](<java\nscript:alert(1)>)",
    "[a](JaVaScRiPt&colon;alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,b)",
    "[a](vbscript:b)",
    "[a](blob:https://page.example/b)",
    "[a](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "![a](data:image/svg+xml,b)",
    "![a](javascript:alert(1))",
    "[a]: javascript:alert(1)\n\n[a]",
    "[a](view-source:https://b.example)",
  ];
  for (const text of hostile) {
    for (const { name, props } of all(drawn(lex(text)))) {
      assert.ok(name !== "picture", text);
      if (name === "a") assert.match(String(props["href"]), /^(https?:|mailto:|tel:)/, text);
    }
  }
});

test("pictures come from nowhere else", () => {
  const forbidden = [
    "https://pictures.example.evil.example/a.png",
    "https://evilcdn.example/a.png",
    "https://pictures.example@evil.example/a.png",
    "//evil.example/a.png",
    "https:/\\evil.example/a.png",
    "ftp://pictures.example/a.png",
    "https://user:word@pictures.example/a.png",
  ];
  for (const src of forbidden) {
    assert.ok(!all(drawn(lex(`![a](${src})`))).some(({ name }) => name === "picture"), src);
  }
});

test("whatever is nested stays within bounds", () => {
  const nested = ["> ", "- ", "1. ", "* > ", "**a ", "[", "![", "*_", "<b>", "~~", "\\(", "$", "`", "| a ", "&#", "#"];
  for (const piece of nested) {
    const nodes = drawn(lex(piece.repeat(3000) + "x"));
    assert.ok(depth(nodes) <= 120, `${piece}: ${depth(nodes)}`);
  }
});

test("a long line is taken in parts", () => {
  const far = `*a ${"b ".repeat(10_000)}c* and *d*`;
  const nodes = drawn(lex(far));
  assert.deepEqual(all(nodes).filter(({ name }) => name === "em").map(({ children }) => text(children)), ["d"]);
  assert.equal(text(nodes), far.replace("*d*", "d"));
  assert.equal(text(drawn(lex("x".repeat(100_000)))).length, 100_000);
  assert.equal(text(drawn(lex("**a _b `c [d ".repeat(8_000)))).length > 60_000, true);
});

test("a text that never ends is plain where it is too long", () => {
  const tokens = lex("word *a*\n\n".repeat(100_000));
  assert.equal(tokens.at(-1)?.type, "text");
  assert.equal(tokens.map(({ raw }) => raw).join("").length, 1_000_000);
});

test("footnotes hang at their places", () => {
  const source = { type: "file" as const, title: "t", filename: "f" };
  const note = (index: number) => ({ type: "annotation" as const, index, source });
  const shown = (text: string, ...places: number[]) => {
    const { text: whole, notes } = marked(text, places.map(note));
    assert.equal(notes.length, new Set(places).size);
    return html(whole, { ...RENDERING, note: (number) => h("sup", null, number + 1) });
  };
  assert.equal(shown("One. Two.", 4, 9), "<p>One.<sup>1</sup> Two.<sup>2</sup></p>");
  assert.equal(shown("**One.** Two", 8), "<p><strong>One.</strong><sup>1</sup> Two</p>");
  assert.equal(shown("**One.** Two", 7), "<p><strong>One.</strong><sup>1</sup> Two</p>");
  assert.equal(shown("😀 a. b", 4), "<p>😀 a.<sup>1</sup> b</p>");
  assert.equal(shown("a\n\nb", 3), "<p>a<sup>1</sup></p><p>b</p>");
  assert.equal(shown("- a\n- b", 4, 7), "<ul><li>a<sup>1</sup></li><li>b<sup>2</sup></li></ul>");
  assert.equal(
    shown("see https://a.example/b c", 23),
    '<p>see <a href="https://a.example/b" target="_blank" rel="noopener noreferrer">https://a.example/b</a><sup>1</sup> c</p>',
  );
  assert.equal(shown("`a` b", 2), "<p><code>a</code><sup>1</sup> b</p>");
  assert.equal(shown("```\na\n```\n\nb", 9), '<code-block text="a" language="" isOver></code-block><sup>1</sup><p>b</p>');
  assert.equal(shown("| a |\n|---|\n| b |\n", 17), '<table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>b<sup>1</sup></td></tr></tbody></table>');
  assert.equal(shown("one", 2, 2, 3), "<p>on<sup>1</sup>e<sup>2</sup></p>");
});

/** Each of these shows a text that may be cut anywhere. */
const CORPUS = [
  "# Title\n\nA paragraph with **bold**, *italic*, ***both***, `code` and [a link](https://a.example/b_c).\nAnother line.\n\nLast.",
  "- one\n- two\n  - nested **bold**\n\n    more\n- three\n\nAfter\n\n1. a\n\n2. b\n\n10. c\n\nEnd",
  "1. a\n   ```js\n   let x = `1`;\n   ```\n2. b\n\n> quote\n> more\n\n> other\n\n---\n\nend",
  "| a | b |\n|:--|--:|\n| 1 | `x|y` |\n| 2 | **z** |\n\nText\n\n| c |\n|---|\n",
  "Text\n```python\ndef f():\n    return '```'\n\n\n# no heading\n```\nMore text\n~~~\nx\n~~~",
  "Inline $a_1$ and \\(b*c\\) and\n\n$$\n\\frac{1}{2}\n\n$$\n\nthen \\[ x \\] end. It costs $5 and $10.",
  "See [one][1] and ![pic](https://pictures.example/p.png).\n\n[1]: https://a.example/one \"Title\"\n\nAnd [one][1] again.",
  "Title\n=====\n\nOther\n-----\n\n<div>\nhtml **no**\n</div>\n\nafter <b>x</b>\n\n- [ ] task\n- [x] done",
  "    indented\n\n    more\n\ntext\n\n* a\n* b\n\n\n\n+ c\n\n- - nested\n\n2024. was\n\n**unclosed *both\n\nnew",
  "Ein Satz.\r\n\r\nمرحبا **بالعالم**\r\n- 一\r\n- 二",
];

test("whatever was shown on the way, the whole text reads as it does at once", () => {
  for (const source of CORPUS) {
    const expected = html(source.replace(/\r\n/g, "\n"));
    for (const step of [1, 2, 3, 7, 19]) {
      const reader = new Reader();
      for (let end = step; end < source.length; end += step) reader.read(source.slice(0, end), false);
      assert.equal(written(drawn(reader.read(source, true))), expected);
    }
  }
});

test("blocks that are over read as they do in the end", () => {
  for (const source of CORPUS) {
    const whole = source.replace(/\r\n?/g, "\n");
    for (let step = 1; step <= 5; step += 1) {
      const reader = new Reader();
      for (let end = step; end <= whole.length; end += step) {
        const part = whole.slice(0, end);
        const blocks = reader.read(part, false);
        const known = reader.read(`${part}`, false);
        assert.deepEqual(written(drawn(blocks)), written(drawn(known)), JSON.stringify(part));
        const fresh = new Reader().read(part, false);
        assert.equal(written(drawn(blocks)), written(drawn(fresh)), JSON.stringify(part));
      }
    }
  }
});

test("it is told when names lead somewhere else", () => {
  const reader = new Reader();
  const source = "See [one].\n\n[one]: https://a.example\n\nA paragraph after it.\n";
  reader.read(source.slice(0, 14), false);
  assert.equal(reader.generation, 0);
  reader.read(source, false);
  assert.equal(reader.generation, 1);
  reader.read(`${source}More.`, false);
  assert.equal(reader.generation, 1);
});

test("half of a mark isn't shown", () => {
  const reads: [string, string][] = [
    ["a **b", "<p>a <strong>b</strong></p>"],
    ["a **b*", "<p>a <strong>b</strong></p>"],
    ["a **", "<p>a</p>"],
    ["a `b", "<p>a <code>b</code></p>"],
    ["a `", "<p>a</p>"],
    ["**a `b", "<p><strong>a <code>b</code></strong></p>"],
    ["a [b](https://c", "<p>a b</p>"],
    ["a [b", "<p>a b</p>"],
    ["a ![b](https://c", "<p>a</p>"],
    ["a\n-", "<p>a</p>"],
    ["a\n==", "<p>a</p>"],
    ["- a\n- ", "<ul><li>a</li></ul>"],
    ["- a **b\n- c *d", "<ul><li>a **b</li><li>c <em>d</em></li></ul>"],
    ["a\n\n##", "<p>a</p>"],
    ["```js\na\n``", '<code-block text="a" language="js"></code-block>'],
    ["a\n``", "<p>a</p>"],
    ["a $$x", "<p>a</p>"],
    ["a \\(x", "<p>a</p>"],
    ["~~a", "<p><del>a</del></p>"],
    ["snake_case and 2 * 3", "<p>snake_case and 2 * 3</p>"],
    ["| a | b", '<table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead><tbody></tbody></table>'],
    ["| a | b |\n|--", '<table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead><tbody></tbody></table>'],
    [
      "| a |\n|---|\n| **b",
      '<table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td><strong>b</strong></td></tr></tbody></table>',
    ],
  ];
  for (const [source, expected] of reads) {
    assert.equal(written(drawn(new Reader().read(source, false))), expected, JSON.stringify(source));
  }
});

function all(nodes: readonly (Drawn | string)[]): Drawn[] {
  return nodes.flatMap((node) => (typeof node === "string" ? [] : [node, ...all(node.children)]));
}

function depth(nodes: readonly (Drawn | string)[]): number {
  return Math.max(0, ...nodes.map((node) => (typeof node === "string" ? 0 : 1 + depth(node.children))));
}

function text(nodes: readonly (Drawn | string)[]): string {
  return nodes.map((node) => (typeof node === "string" ? node : text(node.children))).join("");
}

test("formulas that never end cost little", () => {
  // Quadratic work would take minutes of the processor, however busy the machine is.
  for (const text of ["\\[\n".repeat(120_000), "$$\n".repeat(80_000), "\\( ".repeat(120_000), "$$ a\n\n".repeat(60_000)]) {
    const begun = process.cpuUsage();
    lex(text);
    const spent = process.cpuUsage(begun).user / 1000;
    assert.ok(spent < 20_000, `${JSON.stringify(text.slice(0, 12))}: ${spent.toFixed(0)} ms`);
  }
});
