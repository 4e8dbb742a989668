"""What the vendors' own clients read from the streams of a model server.

    model_clients.py BASE_URL DIALECT…

One stream is read for each DIALECT (responses, chat or messages), in this order. One JSON value on standard output.
"""

import json
import sys

import anthropic
import openai

QUESTION = [{"role": "user", "content": "Go on."}]


def responses(base_url: str) -> dict:
    client = openai.OpenAI(base_url=base_url, api_key="key", max_retries=0)
    deltas = []
    with client.responses.stream(model="test", input=QUESTION) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                deltas.append(event.delta)
            if event.type == "error":
                raise RuntimeError(event.message)
        response = stream.get_final_response()
    reasoning = [item for item in response.output if item.type == "reasoning"]
    return {
        "deltas": deltas,
        "text": response.output_text,
        "reasoning": "".join(part.text for item in reasoning for part in item.summary),
        "calls": [
            [item.call_id, item.name, item.arguments]
            for item in response.output
            if item.type == "function_call"
        ],
        "tokens": response.usage.output_tokens,
    }


def chat(base_url: str) -> dict:
    client = openai.OpenAI(base_url=base_url, api_key="key", max_retries=0)
    options = {"include_usage": True}
    deltas, reasoning = [], []
    with client.chat.completions.stream(
        model="test", messages=QUESTION, stream_options=options
    ) as stream:
        for event in stream:
            if event.type == "content.delta" and event.delta:
                deltas.append(event.delta)
            if event.type == "chunk" and event.chunk.choices:
                delta = event.chunk.choices[0].delta
                reasoning.append(getattr(delta, "reasoning_content", None) or "")
        completion = stream.get_final_completion()
    message = completion.choices[0].message
    return {
        "deltas": deltas,
        "text": message.content or "",
        "reasoning": "".join(reasoning),
        "calls": [
            [call.id, call.function.name, call.function.arguments]
            for call in message.tool_calls or []
        ],
        "tokens": completion.usage.completion_tokens,
    }


def messages(base_url: str) -> dict:
    client = anthropic.Anthropic(
        base_url=base_url.removesuffix("/v1"), api_key="key", max_retries=0
    )
    with client.messages.stream(model="test", max_tokens=100, messages=QUESTION) as stream:
        deltas = [event.text for event in stream if event.type == "text"]
        message = stream.get_final_message()
    return {
        "deltas": deltas,
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "reasoning": "".join(
            block.thinking for block in message.content if block.type == "thinking"
        ),
        "calls": [
            [block.id, block.name, json.dumps(block.input, separators=(",", ":"))]
            for block in message.content
            if block.type == "tool_use"
        ],
        "tokens": message.usage.output_tokens,
    }


def read(dialect: str, base_url: str) -> dict:
    try:
        return {"responses": responses, "chat": chat, "messages": messages}[dialect](base_url)
    except Exception as error:
        return {"error": str(error)}


base_url, *dialects = sys.argv[1:]
print(json.dumps([read(dialect, base_url) for dialect in dialects]))
