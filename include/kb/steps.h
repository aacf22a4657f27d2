/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_STEPS_H
#define KB_STEPS_H
#include <kb/step.h>
#endif
