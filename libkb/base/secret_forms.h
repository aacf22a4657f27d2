/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a secret may turn up in a text. Pure. */
#ifndef KBI_SECRET_FORMS_H
#define KBI_SECRET_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include <kb/common.h>

typedef void kbi_secret_form(void *owner, const char *data, size_t size_bytes);

/* Tells each form once or more. is_document: of the words of a text only the long ones are secret. */
kb_status kbi_secret_forms(const char *data, size_t size_bytes, bool is_document, kbi_secret_form *tell, void *owner);

#endif
