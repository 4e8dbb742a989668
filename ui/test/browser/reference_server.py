"""The reference ChatKit server with a scripted responder, for pages of other origins; says where it listens.

Whoever comes under another name finds a server of its own.
"""

import asyncio
import socket
import sys
from collections import defaultdict
from datetime import datetime

import uvicorn
from chatkit.errors import ErrorCode, StreamError
from chatkit.server import ChatKitServer, StreamingResult
from chatkit.store import AttachmentStore, NotFoundError, Store
from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    AttachmentUploadDescriptor,
    ClientToolCallItem,
    FileAttachment,
    Page,
    StructuredInputFreeform,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    SyncCustomActionResponse,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdatedEvent,
    WidgetItem,
)
from chatkit.widgets import DynamicWidgetRoot
from fastapi import FastAPI, Request, UploadFile
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import Response, StreamingResponse


class Memory(Store[str], AttachmentStore[str]):
    """Threads and their items, in order of arrival, and files. The context is the address of it all."""

    def __init__(self):
        self.threads = {}
        self.items = {}
        self.attachments = {}
        self.files = {}

    async def load_thread(self, thread_id, context):
        if thread_id not in self.threads:
            raise NotFoundError(thread_id)
        return self.threads[thread_id].model_copy(deep=True)

    async def save_thread(self, thread, context):
        self.threads[thread.id] = thread.model_copy(deep=True)
        self.items.setdefault(thread.id, {})

    async def load_thread_items(self, thread_id, after, limit, order, context):
        return page(list(self.items.get(thread_id, {}).values()), after, limit, order)

    async def load_threads(self, limit, after, order, context):
        return page(list(self.threads.values()), after, limit, order)

    async def add_thread_item(self, thread_id, item, context):
        await self.save_item(thread_id, item, context)

    async def save_item(self, thread_id, item, context):
        self.items.setdefault(thread_id, {})[item.id] = item.model_copy(deep=True)

    async def load_item(self, thread_id, item_id, context):
        try:
            return self.items[thread_id][item_id]
        except KeyError:
            raise NotFoundError(item_id) from None

    async def delete_thread(self, thread_id, context):
        self.threads.pop(thread_id, None)
        self.items.pop(thread_id, None)

    async def delete_thread_item(self, thread_id, item_id, context):
        self.items.get(thread_id, {}).pop(item_id, None)

    async def create_attachment(self, input, context):
        id = self.generate_attachment_id(input.mime_type, context)
        to = AttachmentUploadDescriptor(url=f"{context}/files/{id}", method="PUT")
        return FileAttachment(id=id, name=input.name, mime_type=input.mime_type, upload_descriptor=to)

    async def save_attachment(self, attachment, context):
        self.attachments[attachment.id] = attachment

    async def load_attachment(self, attachment_id, context):
        if attachment_id not in self.attachments:
            raise NotFoundError(attachment_id)
        return self.attachments[attachment_id]

    async def delete_attachment(self, attachment_id, context):
        self.attachments.pop(attachment_id, None)
        self.files.pop(attachment_id, None)

    def keep_file(self, attachment_id, data):
        self.files[attachment_id] = data
        self.attachments[attachment_id].upload_descriptor = None


def page(all_of_them, after, limit, order):
    if order == "desc":
        all_of_them.reverse()
    if after is not None:
        places = [place for place, one in enumerate(all_of_them) if one.id == after]
        all_of_them = all_of_them[places[0] + 1 :] if places else []
    data = all_of_them[:limit]
    has_more = len(all_of_them) > limit
    return Page(data=data, has_more=has_more, after=data[-1].id if has_more else None)


class Responder(ChatKitServer[str]):
    """Does what the first words of a message say."""

    def __init__(self):
        self.memory = Memory()
        super().__init__(self.memory, self.memory)
        self.opinions = {}
        self.rolled = 0
        self.has_stumbled = False

    async def respond(self, thread, input_user_message, context):
        async for event in self.words_to(thread, input_user_message, context):
            yield event

    def words_to(self, thread, message, context):
        if message is None:
            return self.go_on(thread, context)
        if message.attachments:
            files = [f"{one.name} says {self.memory.files[one.id].decode()}." for one in message.attachments]
            return self.say(thread, " ".join(files))
        match message.content[0].text.split():
            case ["count", "to", last]:
                return self.count(thread, int(last))
            case ["roll"]:
                self.rolled += 1
                return self.say(thread, f"Roll {self.rolled}.")
            case ["stumble"]:
                return self.stumble(thread)
            case ["opinions"]:
                return self.say(thread, f"Opinions: {self.opinions}")
            case ["files"]:
                names = [one.name for one in self.memory.attachments.values()]
                return self.say(thread, f"Files: {names}, with content: {len(self.memory.files)}")
            case ["lamp"]:
                return self.put(WidgetItem(**self.base("message", thread), widget=lamp("off")))
            case ["locate"]:
                call = {"call_id": "call_1", "name": "locate", "arguments": {"precision": "town"}}
                return self.put(ClientToolCallItem(**self.base("tool_call", thread), **call))
            case ["order"]:
                return self.put(StructuredInputItem(**self.base("message", thread), inputs=QUESTIONS))

    async def go_on(self, thread, context):
        """After what the page, or the user, had to give."""
        items = await self.store.load_thread_items(thread.id, None, 1, "desc", context)
        match items.data:
            case [ClientToolCallItem(output=output)]:
                said = f"You are in {output['town']}."
            case [StructuredInputItem(status=status, inputs=inputs)]:
                answers = {one.id: "skipped" if one.answer.skipped else one.answer.values for one in inputs}
                said = f"It is {status}: {answers}"
        async for event in self.say(thread, said):
            yield event

    async def action(self, thread, action, sender, context):
        widget = lamp(action.payload["to"])
        yield ThreadItemReplacedEvent(item=sender.model_copy(update={"widget": widget}))
        async for event in self.say(thread, f"The lamp was switched {action.payload['to']}."):
            yield event

    async def sync_action(self, thread, action, sender, context):
        dimmed = sender.model_copy(update={"widget": lamp(action.payload["to"])})
        await self.store.save_item(thread.id, dimmed, context)
        return SyncCustomActionResponse(updated_item=dimmed)

    async def add_feedback(self, thread_id, item_ids, feedback, context):
        for id in item_ids:
            item = await self.store.load_item(thread_id, id, context)
            self.opinions[item.content[0].text] = feedback

    def base(self, kind, thread):
        id = self.store.generate_item_id(kind, thread, None)
        return {"id": id, "thread_id": thread.id, "created_at": datetime.now()}

    async def put(self, item):
        yield ThreadItemDoneEvent(item=item)

    def say(self, thread, text):
        content = [AssistantMessageContent(text=text, annotations=[])]
        return self.put(AssistantMessageItem(**self.base("message", thread), content=content))

    async def stumble(self, thread):
        if not self.has_stumbled:
            self.has_stumbled = True
            raise StreamError(ErrorCode.STREAM_ERROR, allow_retry=True)
        async for event in self.say(thread, "Back on my feet."):
            yield event

    async def count(self, thread, last):
        """Ten numbers a second."""
        item = AssistantMessageItem(**self.base("message", thread), content=[])
        yield ThreadItemAddedEvent(item=item)
        text = AssistantMessageContent(text="", annotations=[])
        update = AssistantMessageContentPartAdded(content_index=0, content=text)
        yield ThreadItemUpdatedEvent(item_id=item.id, update=update)
        said = ""
        for number in range(1, last + 1):
            await asyncio.sleep(0.1)
            said += f"{number} "
            update = AssistantMessageContentPartTextDelta(content_index=0, delta=f"{number} ")
            yield ThreadItemUpdatedEvent(item_id=item.id, update=update)
        whole = AssistantMessageContent(text=f"{said}is all.", annotations=[])
        yield ThreadItemDoneEvent(item=item.model_copy(update={"content": [whole]}))


QUESTIONS = [
    StructuredInputMultipleChoice(id="size", question="Which size?", options=[{"value": "Small"}, {"value": "Large"}]),
    StructuredInputFreeform(id="why", question="Why?"),
]


def lamp(state):
    def button(label, **action):
        return {"type": "Button", "label": label, "onClickAction": action}

    text = {"type": "Text", "value": f"The lamp is {state}"}
    switch = button("Switch it on", type="switch", payload={"to": "on"})
    dim = button("Dim it", type="dim", payload={"to": "dim"}, streaming=False)
    card = {"type": "Card", "children": [text, switch, dim]}
    return DynamicWidgetRoot.model_validate(card)


responders = defaultdict(Responder)
app = FastAPI()
# As plain as it gets: no header of ours is let through.
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["POST", "PUT"], allow_headers=["content-type"])


@app.post("/{user}/chatkit")
async def chatkit(user: str, request: Request):
    result = await responders[user].process(await request.body(), f"{request.base_url}{user}")
    if isinstance(result, StreamingResult):
        return StreamingResponse(result, media_type="text/event-stream")
    return Response(content=result.json, media_type="application/json")


@app.put("/{user}/files/{id}")
async def take(user: str, id: str, request: Request):
    responders[user].memory.keep_file(id, await request.body())


@app.post("/{user}/files")
async def take_whole(user: str, file: UploadFile):
    memory = responders[user].memory
    id = memory.generate_attachment_id(file.content_type, "")
    memory.attachments[id] = FileAttachment(id=id, name=file.filename, mime_type=file.content_type)
    memory.keep_file(id, await file.read())
    return {"type": "file", "id": id, "name": file.filename, "mime_type": file.content_type}


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


main()
