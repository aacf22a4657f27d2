/* SPDX-License-Identifier: Apache-2.0 */
/* One download, or one file of the controller: asked for, bounded, checked against its pin. fetch.c shares what came. */
#ifndef KBI_FETCH_DOWNLOAD_H
#define KBI_FETCH_DOWNLOAD_H

#include <stdbool.h>

#include "fetch.h"

struct kbi_download {
	const struct kbi_fetch *what;
	struct kbi_buf *out;
	const char *name;	/* the URL as it may be shown */
	int64_t deadline_ms;
};

bool kbi_fetch_is_cancelled(const struct kbi_fetch *what);
char *kbi_fetch_name(const char *url);	/* what of a URL may be shown; NULL: no memory */
kb_status kbi_fetch_check(const struct kbi_download *download, struct kb_err *err);	/* what may not be asked for at all */
kb_status kbi_download(struct kbi_download *download, struct kb_err *err);
void kbi_download_init(void);		/* once, before the first */

#endif
