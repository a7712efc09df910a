/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings.h"

enum {
  PROP_NAME = 1,
  PROP_ROLE,
  PROP_SIGNALING_URL,
  PROP_ROOM,
  PROP_PASSPHRASE_FILE,
  PROP_TICKET_FILE,
  PROP_TICKET,
  PROP_MAPPINGS,
  PROP_ALLOW,
  PROP_STUN,
  PROP_TURN,
  PROP_TURN_USER,
  PROP_TURN_PASSWORD_FILE,
  PROP_STRATEGIES,
  N_PROPS
};

struct _FwdProfile {
  GObject parent;
  FwdRole role;
  char *strings[N_PROPS]; /* never NULL where the property is a string */
  GStrv lists[N_PROPS];   /* never NULL where the property is a list */
};

G_DEFINE_FINAL_TYPE(FwdProfile, fwd_profile, G_TYPE_OBJECT)

static const struct {
  guint id;
  const char *name;
} string_properties[] = {
    {PROP_NAME, "name"},
    {PROP_SIGNALING_URL, "signaling-url"},
    {PROP_ROOM, "room"},
    {PROP_PASSPHRASE_FILE, "passphrase-file"},
    {PROP_TICKET_FILE, "ticket-file"},
    {PROP_TICKET, "ticket"},
    {PROP_TURN_USER, "turn-user"},
    {PROP_TURN_PASSWORD_FILE, "turn-password-file"},
};

static const struct {
  guint id;
  const char *name;
} list_properties[] = {
    {PROP_MAPPINGS, "mappings"},
    {PROP_ALLOW, "allow"},
    {PROP_STUN, "stun"},
    {PROP_TURN, "turn"},
    {PROP_STRATEGIES, "strategies"},
};

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FwdProfile *self = FWD_PROFILE(object);

  if (id == PROP_ROLE)
    g_value_set_uint(value, self->role);
  else if (G_IS_PARAM_SPEC_STRING(spec))
    g_value_set_string(value, self->strings[id]);
  else
    g_value_set_boxed(value, self->lists[id]);
}

static gboolean
set_role(FwdProfile *self, FwdRole role)
{
  gboolean changed = self->role != role;

  self->role = role;
  return changed;
}

static gboolean
set_string(char **string, const char *value)
{
  if (value == NULL)
    value = "";
  if (g_strcmp0(*string, value) == 0)
    return FALSE;
  g_free(*string);
  *string = g_strdup(value);
  return TRUE;
}

static gboolean
set_list(GStrv *list, const char *const *value)
{
  static const char *const empty[] = {NULL};

  if (value == NULL)
    value = empty;
  if (g_strv_equal((const char *const *)*list, value))
    return FALSE;
  g_strfreev(*list);
  *list = g_strdupv((char **)value);
  return TRUE;
}

static void
set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  FwdProfile *self = FWD_PROFILE(object);
  gboolean changed;

  if (id == PROP_ROLE)
    changed = set_role(self, g_value_get_uint(value));
  else if (G_IS_PARAM_SPEC_STRING(spec))
    changed = set_string(&self->strings[id], g_value_get_string(value));
  else
    changed = set_list(&self->lists[id], g_value_get_boxed(value));
  if (changed)
    g_object_notify_by_pspec(object, spec);
}

static void
finalize(GObject *object)
{
  FwdProfile *self = FWD_PROFILE(object);

  for (guint i = 0; i < N_PROPS; i++) {
    g_free(self->strings[i]);
    g_strfreev(self->lists[i]);
  }
  G_OBJECT_CLASS(fwd_profile_parent_class)->finalize(object);
}

static void
fwd_profile_class_init(FwdProfileClass *class)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS(class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  g_object_class_install_property(object_class, PROP_ROLE,
                                  g_param_spec_uint("role", NULL, NULL, FWD_ROLE_SERVER,
                                                    FWD_ROLE_CLIENT, FWD_ROLE_SERVER, flags));
  for (gsize i = 0; i < G_N_ELEMENTS(string_properties); i++) {
    g_object_class_install_property(
        object_class, string_properties[i].id,
        g_param_spec_string(string_properties[i].name, NULL, NULL, "", flags));
  }
  for (gsize i = 0; i < G_N_ELEMENTS(list_properties); i++) {
    g_object_class_install_property(
        object_class, list_properties[i].id,
        g_param_spec_boxed(list_properties[i].name, NULL, NULL, G_TYPE_STRV, flags));
  }
}

static void
fwd_profile_init(FwdProfile *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS(string_properties); i++)
    self->strings[string_properties[i].id] = g_strdup("");
  for (gsize i = 0; i < G_N_ELEMENTS(list_properties); i++)
    self->lists[list_properties[i].id] = g_new0(char *, 1);
}

FwdProfile *
fwd_profile_new(const char *name, FwdRole role)
{
  return g_object_new(FWD_TYPE_PROFILE, "name", name, "role", role, NULL);
}
