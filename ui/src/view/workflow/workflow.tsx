/** What the assistant does before it answers: one line that tells of it, and the tasks behind it. */

import { useId, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { Words } from "../../locale/en";
import { fill } from "../../locale/fill";
import type { Workflow, WorkflowItem } from "../../protocol/items";
import { duration } from "./duration";
import { TaskView, titleOf } from "./task";

interface Props {
  item: WorkflowItem;
  /** Whether it is still going on. */
  isOpen: boolean;
}

export function WorkflowView({ item: { workflow }, isOpen: isRunning }: Props) {
  const words = useDesk().words.value;
  const [chosen, setChosen] = useState<boolean | null>(null);
  const list = useId();
  const isExpanded = chosen ?? workflow.expanded ?? false;
  const hasTasks = workflow.tasks.length > 0;
  const summary = (
    <>
      <Icon name={iconOf(workflow)} size={18} class="workflow-icon" />
      <span class={isRunning ? "workflow-title shimmer" : "workflow-title"} dir="auto">
        {isRunning ? runningTitle(workflow, words) : title(workflow, words)}
      </span>
    </>
  );
  if (!hasTasks) return <div class="workflow workflow-summary" part="workflow">{summary}</div>;
  return (
    <div class="workflow" part="workflow">
      <button
        type="button"
        class="workflow-summary"
        aria-expanded={isExpanded}
        aria-controls={isExpanded ? list : undefined}
        onClick={() => setChosen(!isExpanded)}
      >
        {summary}
        <Icon name="chevron-down" size={16} class="workflow-chevron" />
      </button>
      {isExpanded && (
        <ol id={list} class="workflow-tasks" role="list">
          {workflow.tasks.map((task, place) => (
            <li key={place}>
              <TaskView task={task} isRunning={isRunning && place === workflow.tasks.length - 1} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function iconOf({ type, summary }: Workflow): string {
  if (summary && "title" in summary && summary.icon) return summary.icon;
  return type === "reasoning" ? "lightbulb" : "bolt";
}

function title({ type, summary, tasks }: Workflow, words: Words): string {
  const isThought = type === "reasoning";
  if (summary && "title" in summary) return summary.title;
  if (summary && "duration" in summary) {
    const text = isThought ? words.workflowThoughtFor : words.workflowFor;
    return fill(text, { duration: duration(summary.duration, words.language) });
  }
  const named = tasks.length === 1 && tasks[0] ? titleOf(tasks[0]) : undefined;
  return named ?? (isThought ? words.workflowThought : words.workflowDone);
}

/** The task that it is at. */
function runningTitle({ type, summary, tasks }: Workflow, words: Words): string {
  if (summary && "title" in summary) return summary.title;
  const current = tasks.findLast((task) => task.status_indicator === "loading") ?? tasks.at(-1);
  return (current && titleOf(current)) ?? (type === "reasoning" ? words.workflowThinking : words.workflowRunning);
}
