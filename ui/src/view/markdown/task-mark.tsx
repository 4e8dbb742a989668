/** The box before a task in a list. */

import { useDesk } from "../../desk";

export function TaskMark({ isDone }: { isDone: boolean }) {
  const { words } = useDesk();
  const label = isDone ? words.value.taskDone : words.value.taskOpen;
  return <input type="checkbox" class="markdown-box" checked={isDone} disabled aria-label={label} />;
}
