import assert from "node:assert/strict";
import { test } from "node:test";

import { highlighted, type CodePart } from "../../lazy/parts/highlight";
import { formula, type MathTree } from "../../lazy/parts/math";

const text = (part: CodePart | string): string => (typeof part === "string" ? part : part.children.map(text).join(""));
const kinds = (part: CodePart | string): string[] =>
  typeof part === "string" ? [] : [part.kind, ...part.children.flatMap(kinds)].filter(Boolean);

test("code is told apart and stays the same text", () => {
  const code = 'const a = "<b>&amp;</b>"; // c\n';
  const parts = highlighted(code, "js");
  assert.ok(parts);
  assert.equal(text(parts), code);
  assert.deepEqual(kinds(parts), ["keyword", "string", "comment"]);
});

test("languages within languages are told apart", () => {
  const code = "<script>let a = 1;</script><style>a { color: red }</style>";
  const parts = highlighted(code, "html");
  assert.ok(parts);
  assert.equal(text(parts), code);
  assert.ok(kinds(parts).includes("keyword"));
});

test("languages that aren't known stay as they are", () => {
  assert.equal(highlighted("a", "klingon"), null);
  assert.equal(highlighted("a", "constructor"), null);
});

test("whatever the code, its text stays", () => {
  for (const language of ["ts", "python", "bash", "rust", "go", "java", "cpp", "sql", "json", "yaml", "xml", "css", "diff"]) {
    for (const code of ["</span><script>", "\"unclosed ' ` ${a} /* # -- \\", "\u0000\ud800 ̀", "a".repeat(5000), "{{{{".repeat(500)]) {
      const parts = highlighted(code, language);
      assert.ok(parts, language);
      assert.equal(text(parts), code, language);
    }
  }
});

const names = (tree: MathTree | string): string[] =>
  typeof tree === "string" ? [] : [tree.name, ...tree.children.flatMap(names)];

test("formulas are trees of MathML", () => {
  const tree = formula("\\frac{a}{\\sqrt{b}} + \\begin{pmatrix}1 & 2\\\\3 & 4\\end{pmatrix}", true);
  assert.ok(tree);
  assert.equal(tree.name, "math");
  for (const name of ["mfrac", "msqrt", "mtable"]) assert.ok(names(tree).includes(name), name);
});

test("formulas bring nothing but mathematics", () => {
  const refused = ["\\href{javascript:alert(1)}{a}", "\\url{javascript:a}", "\\includegraphics{a}", "\\frac{", "\\def\\a{\\a\\a}\\a"];
  for (const tex of refused) assert.equal(formula(tex, false), null, tex);
  const odd = ["\\text{<img onerror=x>}", "\\class{a}{b}", "\\colorbox{url(x)}{b}", "\\ce{H2O}", "\\unicode{x}", "x'^2", "\\rule{9999em}{9em}"];
  for (const tex of odd) {
    const tree = formula(tex, false);
    if (!tree) continue;
    assert.ok(names(tree).every((name) => /^(math|m[a-z]+|semantics|annotation)$/.test(name)), tex);
    assert.ok(!JSON.stringify(tree).includes("url("), tex);
  }
});
