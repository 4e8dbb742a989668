/** One task: of a workflow, or by itself. */

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { Task } from "../../protocol/items";
import { Markdown } from "../markdown/markdown";
import { SourceView } from "../message/source";

interface Props {
  task: Task;
  /** Whether more of it may come. */
  isRunning?: boolean;
}

export function TaskView({ task, isRunning = false }: Props) {
  const words = useDesk().words.value;
  const isLoading = task.status_indicator === "loading";
  const title = titleOf(task);
  return (
    <div class="task" part="task">
      <span class="task-mark">
        <Indicator task={task} />
      </span>
      <div class="task-body">
        {title && (
          <div class={isLoading ? "task-title shimmer" : "task-title"} dir="auto">
            {title}
            {task.status_indicator === "complete" && <span class="unseen"> {words.done}</span>}
          </div>
        )}
        <Content task={task} isRunning={isRunning || isLoading} />
      </div>
    </div>
  );
}

export function titleOf(task: Task): string | undefined {
  return task.title ?? (task.type === "web_search" ? task.title_query : undefined);
}

function Indicator({ task }: { task: Task }) {
  if (task.status_indicator === "loading") return <Icon name="loader-circle" size={16} class="spinner" />;
  if (task.type === "custom" && task.icon) return <Icon name={task.icon} size={16} />;
  if (task.status_indicator === "complete") return <Icon name="check" size={16} />;
  const icons: Record<string, string> = { web_search: "globe", file: "document", image: "images" };
  return <Icon name={icons[task.type] ?? "dot"} size={16} />;
}

function Content({ task, isRunning }: { task: Task; isRunning: boolean }) {
  const words = useDesk().words.value;
  switch (task.type) {
    case "custom":
    case "thought":
      return task.content ? <Markdown text={task.content} streaming={isRunning} /> : null;
    case "web_search":
      return (
        <>
          {(task.queries ?? []).length > 0 && (
            <ul class="task-queries" role="list" aria-label={words.searchedFor}>
              {task.queries.map((query, place) => (
                <li key={place} class="chip">
                  <Icon name="search" size={14} />
                  <bdi>{query}</bdi>
                </li>
              ))}
            </ul>
          )}
          <Sources task={task} />
        </>
      );
    case "file":
      return <Sources task={task} />;
    default:
      return null;
  }
}

function Sources({ task }: { task: Task & { type: "web_search" | "file" } }) {
  const words = useDesk().words.value;
  const sources = task.sources ?? [];
  if (sources.length === 0) return null;
  return (
    <ul class="task-sources" role="list" aria-label={words.sources}>
      {sources.map((source, place) => (
        <li key={place}>
          <SourceView source={source} />
        </li>
      ))}
    </ul>
  );
}
