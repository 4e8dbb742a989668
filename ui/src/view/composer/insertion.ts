/** Changes to the field's text that can be undone, and where its caret is. */

/** Writes it in place of that part, as if it was typed. */
export function insert(field: HTMLTextAreaElement, text: string, start: number, end: number): void {
  if (text === "" && start === end) return;
  field.focus();
  field.setSelectionRange(start, end);
  // Nothing else leaves the browser's own undo as it is.
  const isDone = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (isDone) return;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Where a place in the text is on the screen, by the copy of the text that lies behind the field. */
export function placeOf(mirror: HTMLElement, offset: number): DOMRect {
  const walker = document.createTreeWalker(mirror, NodeFilter.SHOW_TEXT);
  let left = offset;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (left < length) {
      const range = document.createRange();
      range.setStart(node, left);
      range.setEnd(node, left + 1);
      return range.getClientRects()[0] ?? range.getBoundingClientRect();
    }
    left -= length;
  }
  return mirror.getBoundingClientRect();
}
