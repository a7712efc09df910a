/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settling.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

struct FwdSettling {
  FwdEventBus *bus;
  guint delay_ms;
  guint timer;
};

/* Rare: code that the loader had to change. */
static gboolean
has_relocated_code(const struct dl_phdr_info *object)
{
  for (guint i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(object->dlpi_addr + segment->p_vaddr);

    for (; segment->p_type == PT_DYNAMIC && entry->d_tag != DT_NULL; entry++)
      if (entry->d_tag == DT_TEXTREL ||
          (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
        return TRUE;
  }
  return FALSE;
}

/* Else nothing outside writable segments differs from the file: code, constants. */
static int
drop_pages(struct dl_phdr_info *object, size_t size G_GNUC_UNUSED, gpointer data)
{
  const gsize page = *(const gsize *)data;

  if (has_relocated_code(object))
    return 0;
  for (guint i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    const gsize start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
    const gsize end = (object->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);

    if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0 && end > start)
      (void)madvise((gpointer)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void
fwd_settling_release(void)
{
  gsize page = (gsize)sysconf(_SC_PAGESIZE);

  malloc_trim(0);
  dl_iterate_phdr(drop_pages, &page);
}

static gboolean
on_settled(gpointer user_data)
{
  FwdSettling *settling = user_data;

  settling->timer = 0;
  fwd_settling_release();
  return G_SOURCE_REMOVE;
}

static void
on_event(FwdEventBus *bus G_GNUC_UNUSED, const FwdEvent *event G_GNUC_UNUSED,
         FwdSettling *settling)
{
  g_clear_handle_id(&settling->timer, g_source_remove);
  settling->timer = g_timeout_add(settling->delay_ms, on_settled, settling);
}

FwdSettling *
fwd_settling_new(FwdEventBus *bus, guint delay_ms)
{
  static const char *const events[] = {FWD_EVENT_CONNECTION_ESTABLISHED,
                                       FWD_EVENT_CONNECTION_UPGRADED};
  FwdSettling *settling = g_new0(FwdSettling, 1);

  settling->bus = g_object_ref(bus);
  settling->delay_ms = delay_ms;
  for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
    g_autofree char *signal = g_strconcat("event::", events[i], NULL);
    g_signal_connect(bus, signal, G_CALLBACK(on_event), settling);
  }
  return settling;
}

void
fwd_settling_free(FwdSettling *settling)
{
  g_signal_handlers_disconnect_by_data(settling->bus, settling);
  g_clear_handle_id(&settling->timer, g_source_remove);
  g_object_unref(settling->bus);
  g_free(settling);
}
