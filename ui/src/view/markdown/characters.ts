/** Characters by name and number (`&amp;`, `&#38;`), places counted in characters, and directions of writing. */

/** The names that people and models write; any other stays as it is written. */
const NAMES =
  "amp& lt< gt> quot\" apos' nbsp\u00a0 ensp\u2002 emsp\u2003 thinsp\u2009 shy\u00ad zwj\u200d zwnj\u200c lrm\u200e rlm\u200f " +
  "copy© reg® trade™ hellip… mdash— ndash– lsquo‘ rsquo’ sbquo‚ ldquo“ rdquo” bdquo„ laquo« raquo» lsaquo‹ rsaquo› " +
  "bull• middot· deg° sect§ para¶ dagger† Dagger‡ permil‰ prime′ Prime″ euro€ pound£ yen¥ cent¢ micro\u00b5 " +
  "times× divide÷ plusmn± minus− ne≠ le≤ ge≥ asymp≈ equiv≡ infin∞ radic√ sum∑ prod∏ int∫ part∂ nabla∇ isin∈ " +
  "larr← rarr→ uarr↑ darr↓ harr↔ rArr⇒ hArr⇔ frac12½ frac14¼ frac34¾ sup2² sup3³ check✓ " +
  "alpha\u03b1 beta\u03b2 gamma\u03b3 delta\u03b4 epsilon\u03b5 lambda\u03bb mu\u03bc pi\u03c0 sigma\u03c3 omega\u03c9 Delta\u0394 Omega\u03a9";

const REFERENCE = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([A-Za-z][A-Za-z\d]{1,15}));/g;

let known: Map<string, string> | undefined;

function named(name: string): string | undefined {
  // A no-break space is one of the characters, so only the plain space divides them.
  known ??= new Map(NAMES.split(" ").map((entry) => [entry.slice(0, -1), entry.slice(-1)]));
  return known.get(name);
}

/** The text with its character references resolved. */
export function resolved(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(REFERENCE, (whole, decimal, hex, name) => {
    if (name) return named(name) ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : "\ufffd";
  });
}

/** Places in characters ▸ places in the string, for places in rising order. */
export function offsets(text: string, places: readonly number[]): number[] {
  let offset = 0;
  let counted = 0;
  return places.map((place) => {
    for (; counted < place && offset < text.length; counted += 1) {
      offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
    }
    return offset;
  });
}

const RIGHT_TO_LEFT = /[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}\p{sc=Adlam}]/u;

/** The direction of a text by its first letter; without letters it goes as what is around it. */
export function directionOf(text: string): "ltr" | "rtl" | undefined {
  const letter = /\p{L}/u.exec(text)?.[0];
  if (!letter) return undefined;
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}
