/* SPDX-License-Identifier: Apache-2.0 */
/* What differs, and how it is shown. */
#ifndef KBI_CHANGE_H
#define KBI_CHANGE_H

#include "base/buf.h"
#include "steps/step.h"

void kbi_change_render(struct kbi_buf *out, const struct kbi_change *changes, size_t count);	/* unified for files, a line for the rest */
kb_status kbi_change_copy(struct kbi_change *to, const struct kbi_change *from);
void kbi_change_clear(struct kbi_change *change);
void kbi_changes_free(struct kbi_change *changes, size_t count);
void kbi_notes_free(struct kbi_note *notes, size_t count);
/* Its judge's answer; KB_ENOMEM, whatever it was, when there was no memory for any part of it: half a text is a wrong one. */
kb_status kbi_judge_ask(const struct kbi_step_def *def, struct kbi_judge *judge);
void kbi_judge_forget(struct kbi_judge *judge);	/* what it answered: nothing is known */
void kbi_judge_free(struct kbi_judge *judge);	/* all that the answer holds */

#endif
