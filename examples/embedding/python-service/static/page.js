// SPDX-License-Identifier: Apache-2.0
// What comes from hosts is text, and becomes text of the page (textContent), never its markup.
"use strict";
const own = { method: "POST", headers: { "X-Requested-By": "page" } };

function cell(row, text) {
	row.insertCell().textContent = text ?? "";
}

function show(event) {
	const row = document.getElementById("events").insertRow();
	row.className = event.status && event.status !== "KB_OK" || event.event === "failed" ? "failed" : "";
	cell(row, event.host);
	cell(row, event.step ?? event.event);
	cell(row, [event.verdict, event.changed && "changed"].filter(Boolean).join(", "));
	cell(row, event.text);
}

let source;
function follow(name) {
	source?.close();
	document.getElementById("which").textContent = name;
	document.getElementById("events").replaceChildren();
	source = new EventSource(`/clusters/${encodeURIComponent(name)}/events`);
	source.onmessage = message => show(JSON.parse(message.data));
	source.addEventListener("end", () => source.close());
}

function button(item, text, name, action) {
	const made = document.createElement("button");
	made.textContent = text;
	made.onclick = async () => {
		const answer = await fetch(`/clusters/${encodeURIComponent(name)}/${action}`, own);
		if (!answer.ok)
			alert(await answer.text());
		follow(name);
	};
	item.append(" ", made);
}

async function list() {
	for (const { name } of await (await fetch("/clusters")).json()) {
		const item = document.createElement("li");
		item.textContent = name;
		button(item, "plan", name, "up?plan=1");
		button(item, "up", name, "up");
		button(item, "cancel", name, "cancel");
		document.getElementById("clusters").append(item);
	}
}
list();
