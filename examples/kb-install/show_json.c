/* SPDX-License-Identifier: Apache-2.0 */
/* One event a line, as the library itself words it: the same in every language. */
#include "show.h"

static void
event(struct show *show, const kb_event *event)
{
	kb_bytes *json = kb_event_json(event);

	(void)show;
	if (!json)
		return;
	fwrite(kb_bytes_data(json), 1, kb_bytes_size(json), stdout);
	putchar('\n');
	fflush(stdout);		/* who reads it wants it now */
	kb_bytes_free(json);
}

const struct show_ops show_json = {.event = event};
