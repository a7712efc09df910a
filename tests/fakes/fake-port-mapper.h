/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A port mapper (plugins/strategies/port-mapper.h) whose router says what the test wants. */
#pragma once

#include <stunfwd/endpoint.h>

#define FAKE_TYPE_PORT_MAPPER (fake_port_mapper_get_type())
G_DECLARE_FINAL_TYPE(FakePortMapper, fake_port_mapper, FAKE, PORT_MAPPER, GObject)

/** It is still asking. */
FakePortMapper *fake_port_mapper_new(void);
void fake_port_mapper_set_mapped(FakePortMapper *self, const FwdEndpoint *outside);
/** Takes @error. */
void fake_port_mapper_set_failed(FakePortMapper *self, GError *error);

/** How often it was asked to refresh, and the public address that came last ("" for none). */
guint fake_port_mapper_get_refreshed(FakePortMapper *self);
const char *fake_port_mapper_get_seen(FakePortMapper *self);
