/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "many-ports.h"
#include <string.h>

#define REASON_MAX 80

void
fwd_many_ports_give_up(FwdManyPorts *self, FwdErrorCode code, const char *why)
{
  GVariantDict message;

  g_variant_dict_init(&message, NULL);
  g_variant_dict_insert(&message, "stop", "s", why);
  fwd_attempt_send_message(self->run.attempt, g_variant_dict_end(&message));
  fwd_run_fail(&self->run, code, "%s", why);
}

void
fwd_many_ports_hear(FwdManyPorts *self, GVariant *message)
{
  const char *why;

  if (self->stopped == NULL && g_variant_lookup(message, "stop", "&s", &why))
    self->stopped = g_utf8_make_valid(why, (gssize)strnlen(why, REASON_MAX));
}

void
fwd_many_ports_answered(FwdManyPorts *self, const FwdEndpoint *remote, guint rtt_us)
{
  self->answered = TRUE;
  self->winner = *remote;
  self->winner_rtt_us = rtt_us;
  fwd_run_wake(&self->run);
}

static void
succeed(FwdManyPorts *self, const char *when, FwdPath *path)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  fwd_attempt_note(self->run.attempt, "%s%s answered, %u packets sent", when,
                   fwd_endpoint_format(&self->winner, text), self->sent);
  fwd_run_succeed(&self->run, path);
}

gboolean
fwd_many_ports_conclude(FwdManyPorts *self, FwdErrorCode code, const char *when)
{
  const FwdEndpoint *answered =
      self->sockets != NULL ? fwd_own_sockets_get_answered(self->sockets) : NULL;

  if (answered != NULL) {
    self->winner = *answered;
    succeed(self, when, fwd_own_sockets_take_path(self->sockets));
  } else if (self->answered) {
    succeed(self, when,
            fwd_attempt_create_udp_path(self->run.attempt, &self->winner, self->winner_rtt_us));
  } else if (self->stopped != NULL) {
    fwd_run_fail(&self->run, code, "the peer says: %s", self->stopped);
  }
  return self->run.task == NULL;
}

void
fwd_many_ports_clear(FwdManyPorts *self)
{
  g_signal_handlers_disconnect_by_data(self->run.attempt, self);
  g_clear_pointer(&self->sockets, fwd_own_sockets_free);
  g_clear_pointer(&self->stopped, g_free);
}
