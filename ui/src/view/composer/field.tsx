/** The text of the message: the browser's own field, over a copy of its text that shows what stands for things. */

import { useId, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import { errorOf } from "../../client/failure";
import { useDesk, type Desk } from "../../desk";
import { isComposing } from "../composing";
import { askedAt } from "./asking";
import { insert } from "./insertion";
import { contentOf, edited, markBeside, markedText, withMark, type MarkedText, type Tag } from "./marked-text";
import { find, signsOf, type Hand } from "./sources";
import { SuggestionList } from "./suggestion-list";
import { Suggestions } from "./suggestions";
import { FieldTag } from "./tag";

interface Props {
  placeholder: string;
  isBarred: boolean;
  /** Id of what says what is wrong. */
  describedBy?: string;
  /** Hands the field to those who write into it. */
  onReady(hand: FieldHand): void;
  pickFiles(): void;
}

export interface FieldHand {
  focus(): void;
  /** Asks at the caret for something to mention, as if that was typed. */
  mention(): void;
}

export function Field({ placeholder, isBarred, describedBy, onReady, pickFiles }: Props) {
  const desk = useDesk();
  const { composer, words } = desk;
  const field = useRef<HTMLTextAreaElement>(null);
  const mirror = useRef<HTMLDivElement>(null);
  const list = useId();
  /** Tags that were in the text once; they come back when their deletion is undone. */
  const known = useRef<Tag[]>([]);
  const { text, marks } = markedText(composer.content.value);
  const { look, suggestions } = useSuggestions(desk, field, pickFiles);
  const offer = suggestions.offer.value;
  const signs = signsOf(desk);

  useLayoutEffect(() => {
    onReady({
      focus: () => field.current?.focus(),
      mention() {
        if (!field.current) return;
        const { value, selectionStart: from, selectionEnd: to } = field.current;
        const marks = markedText(composer.content.peek()).marks.filter(({ end }) => end <= from);
        const isApart = askedAt(`${value.slice(0, from)}@`, from + 1, marks, ["@"]);
        insert(field.current, isApart ? "@" : " @", from, to);
      },
    });
  }, []);
  // Sent, or taken away by the application: what was asked in it is asked no more. At once, as the next letter may ask.
  useLayoutEffect(() => {
    if (!text) suggestions.look(null, "", 0);
  }, [!text]);

  const direction = text ? "auto" : undefined;
  return (
    <div class="composer-scroll">
      <textarea
        ref={field}
        class="composer-field"
        part="composer-field"
        rows={1}
        dir={direction}
        value={text}
        placeholder={placeholder}
        readOnly={isBarred}
        aria-disabled={isBarred}
        aria-label={words.value.messageField}
        aria-describedby={describedBy}
        aria-haspopup={signs.length > 0 ? "listbox" : undefined}
        aria-autocomplete={signs.length > 0 ? "list" : undefined}
        aria-controls={offer ? list : undefined}
        aria-activedescendant={offer && offer.suggestions.length > 0 ? `${list}-${offer.active}` : undefined}
        enterkeyhint={isCoarse() ? "enter" : "send"}
        onInput={(event) => {
          const { value, selectionEnd } = event.currentTarget;
          const isHistory = (event as InputEvent).inputType?.startsWith("history");
          const before = markedText(composer.content.peek());
          for (const { tag } of before.marks) if (!known.current.includes(tag)) known.current.push(tag);
          const now = edited(before, value, selectionEnd, isHistory ? known.current : []);
          composer.write(contentOf(now));
          look(now, selectionEnd);
        }}
        onSelect={({ currentTarget: { selectionStart, selectionEnd } }) => {
          if (selectionStart === selectionEnd) look(markedText(composer.content.peek()), selectionEnd);
          else suggestions.dismiss();
        }}
        onBlur={() => suggestions.dismiss()}
        onKeyDown={(event) => onKey(event, desk, suggestions, { text, marks })}
      />
      <div ref={mirror} class="composer-mirror" dir={direction}>
        {piecesOf({ text, marks }).map((piece, place) =>
          typeof piece === "string" ? (
            <span key={place} class="composer-plain" aria-hidden="true">{piece}</span>
          ) : (
            <FieldTag key={`${place} ${piece.id}`} tag={piece} />
          ),
        )}
        {/* A last line without anything in it has a height, too. */}
        <span class="composer-plain" aria-hidden="true">{"\u200b"}</span>
      </div>
      <SuggestionList id={list} source={suggestions} mirror={mirror} />
    </div>
  );
}

function useSuggestions(desk: Desk, field: { current: HTMLTextAreaElement | null }, pickFiles: () => void) {
  const { composer, tell } = desk;
  const files = useRef(pickFiles);
  files.current = pickFiles;
  const suggestions = useMemo(() => {
    const hand: Hand = {
      replace: ({ start, end }, written) => field.current && insert(field.current, written, start, end),
      putTag({ start, end }, tag) {
        if (!field.current) return;
        const isLoose = /^\s/.test(field.current.value.slice(end));
        const written = isLoose ? tag.text : `${tag.text} `;
        insert(field.current, written, start, end);
        // The text may be another one than when it was asked.
        const from = field.current.selectionEnd - written.length;
        const now = markedText(composer.content.peek());
        composer.write(contentOf(withMark(now, { start: from, end: from + tag.text.length, tag })));
      },
      pickFiles: () => files.current(),
    };
    return new Suggestions(
      (asked) => find(desk, hand, asked),
      (cause) => tell("chatkit.error", { error: errorOf(cause) }),
      () => !isCoarse() && send(desk),
    );
  }, [desk]);
  const look = ({ text, marks }: MarkedText, caret: number) =>
    suggestions.look(askedAt(text, caret, marks, signsOf(desk)), text, caret);
  return { look, suggestions };
}

type FieldKey = KeyboardEvent & { currentTarget: HTMLTextAreaElement };

function onKey(event: FieldKey, desk: Desk, suggestions: Suggestions, shown: MarkedText): void {
  if (isComposing(event)) return;
  const { chat, composer } = desk;
  const { key, shiftKey, ctrlKey, metaKey, altKey, currentTarget: field } = event;
  if (!shiftKey && !ctrlKey && !metaKey && !altKey && suggestions.press(key)) {
    event.preventDefault();
    event.stopPropagation();
  } else if (key === "Enter" && !shiftKey && !altKey) {
    if (isCoarse() && !ctrlKey && !metaKey) return;
    event.preventDefault();
    send(desk);
  } else if (key === "Escape") {
    if (composer.editing.value !== null) composer.cancelEdit();
    else if (chat.transcript.value.isStoppable) void chat.stop();
  } else if (key === "Backspace" || key === "Delete") {
    const { selectionStart, selectionEnd } = field;
    const mark = selectionStart === selectionEnd && markBeside(shown, selectionStart, key === "Backspace");
    // A tag goes as a whole.
    if (mark) field.setSelectionRange(mark.start, mark.end);
  }
}

/** An answer that runs isn't disturbed by a key. */
function send({ chat, composer }: Desk): void {
  if (chat.phase.value === "ready") void composer.submit();
}

/** A finger has no Shift: there Enter is a new line, and the button sends. */
function isCoarse(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}

function piecesOf({ text, marks }: MarkedText): (string | Tag)[] {
  const pieces: (string | Tag)[] = [];
  let place = 0;
  for (const { start, end, tag } of marks) {
    pieces.push(text.slice(place, start), tag);
    place = end;
  }
  pieces.push(text.slice(place));
  return pieces;
}
