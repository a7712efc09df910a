/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What encoding and decoding share: the words of the messages. */
#pragma once

#include "meeting/protocol.h"

const char *fwd_message_type_to_string(FwdMessageType type);
/** FWD_MESSAGE_UNKNOWN for another word. */
FwdMessageType fwd_message_type_from_string(const char *text);
/** Whether it is within the limits that FWD_PROTOCOL_STRATEGY_ID_MAX tells. */
gboolean fwd_protocol_is_strategy_id(const char *text);
