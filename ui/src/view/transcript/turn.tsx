/** A turn: a message of the user's, what answers it, and what can be done with that. */

import { useDesk } from "../../desk";
import type { Item } from "../../protocol/items";
import { Actions } from "../message/actions";
import { AssistantMessageView } from "../message/assistant";
import { GeneratedImageView } from "../message/generated-image";
import { UserMessageView } from "../message/user";
import { AnsweredQuestions } from "../structured/answered";
import { WidgetView } from "../widgets/widget";
import { TaskView } from "../workflow/task";
import { WorkflowView } from "../workflow/workflow";
import { memo } from "./memo";
import { Notices, Progress, Trouble } from "./status";
import { useThread } from "./thread-context";
import { answersOf, asks, isShown, type Turn } from "./turns";

interface ItemProps {
  item: Item;
  /** Whether it may still change. */
  isOpen: boolean;
  /** How far an image is that is being made, 0 to 1. */
  progress?: number;
  /** Whether a message of the user's can be written anew. */
  isEditable?: boolean;
}

/** An item, by its type. Drawn anew only when it is another. */
export const ItemView = memo(function Item({ item, isOpen, progress, isEditable = false }: ItemProps) {
  switch (item.type) {
    case "user_message":
      return <UserMessageView item={item} isEditable={isEditable} />;
    case "assistant_message":
      return <AssistantMessageView item={item} isOpen={isOpen} />;
    case "workflow":
      return <WorkflowView item={item} isOpen={isOpen} />;
    case "task":
      return <TaskView task={item.task} isRunning={isOpen} />;
    case "widget":
      return (
        <div class="message message-widget" part="widget">
          <WidgetView item={item} />
        </div>
      );
    case "generated_image":
      return <GeneratedImageView item={item} isOpen={isOpen} progress={progress} />;
    case "structured_input":
      return <AnsweredQuestions item={item} />;
    default:
      return null;
  }
});

interface Props {
  turn: Turn;
  open: ReadonlySet<string>;
  drawn: Readonly<Record<string, number>>;
  isLast: boolean;
  /** Whether nothing more of it comes. */
  isOver: boolean;
  /** Whether it began before the eyes of the user. */
  isFresh: boolean;
}

export const TurnView = memo(function TurnPart({ turn, open, drawn, isLast, isOver, isFresh }: Props) {
  const { canEdit } = useDesk().chat;
  const { isActive } = useThread();
  const question = turn.items.find(({ type }) => type === "user_message");
  const answers = answersOf(turn);
  const canChange = isLast && isActive;
  // Made anew, an answer would take the question along that the user is about to answer.
  const canRetry = canChange && !asks(turn);
  // And the answers along that the user has given.
  const hasQuestions = turn.items.some(({ type }) => type === "structured_input");
  return (
    <div class={isFresh ? "turn is-fresh" : "turn"}>
      {question && <ItemView key={question.id} item={question} isOpen={false} isEditable={canChange && isOver && canEdit.value} />}
      {answers.map((items, place) => (
        <div key={place} class="answer">
          {items.filter(isShown).map((item) => (
            <ItemView key={item.id} item={item} isOpen={open.has(item.id)} progress={drawn[item.id]} />
          ))}
          {(isOver || place < answers.length - 1) && (
            <Actions items={items} retryId={(canRetry && place === answers.length - 1 && question?.id) || null} />
          )}
        </div>
      ))}
      {isLast && !isOver && <Progress />}
      {isLast && <Notices />}
      {isLast && <Trouble canRetry={canRetry && !hasQuestions} />}
    </div>
  );
});
