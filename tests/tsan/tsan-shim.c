/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <dlfcn.h>
#include <gio/gio.h>
#include <gst/gst.h>
#include <libdex.h>

/*
 * Tells ThreadSanitizer what it cannot see: GLib, libdex and GStreamer are not built with it, so that it knows nothing
 * of their locks, and takes everything that goes from one thread to another through them for a race. Preloaded into the
 * programs of a build with -Db_sanitize=thread, and itself built without.
 *
 * What is handed over is released by who hands it over and acquired by who takes it. Where it cannot be told what
 * belongs together, as between a promise and the future at the end of a chain that is waited for, one place stands for
 * all: that may hide a race, and never invents one.
 */

extern void __tsan_acquire (void *place) __attribute__ ((weak));
extern void __tsan_release (void *place) __attribute__ ((weak));

/* Programs that the tests start are not built for it. */
#define ACQUIRE(place) (__tsan_acquire != NULL ? __tsan_acquire ((void *) (place)) : (void) 0)
#define RELEASE(place) (__tsan_release != NULL ? __tsan_release ((void *) (place)) : (void) 0)

#define REAL(name)                                                                                 \
  ({                                                                                               \
    static typeof (&name) real = NULL;                                                             \
    if (real == NULL)                                                                              \
      real = dlsym (RTLD_NEXT, #name);                                                             \
    real;                                                                                          \
  })

#pragma GCC diagnostic ignored "-Wmissing-declarations"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* --- Locks --- */

#define LOCK(name, Type)                                                                           \
  void name (Type *lock)                                                                           \
  {                                                                                                \
    REAL (name) (lock);                                                                            \
    ACQUIRE (lock);                                                                                \
  }
#define TRY_LOCK(name, Type)                                                                       \
  gboolean name (Type *lock)                                                                       \
  {                                                                                                \
    const gboolean locked = REAL (name) (lock);                                                    \
    if (locked)                                                                                    \
      ACQUIRE (lock);                                                                              \
    return locked;                                                                                 \
  }
#define UNLOCK(name, Type)                                                                         \
  void name (Type *lock)                                                                           \
  {                                                                                                \
    RELEASE (lock);                                                                                \
    REAL (name) (lock);                                                                            \
  }

LOCK (g_mutex_lock, GMutex)
TRY_LOCK (g_mutex_trylock, GMutex)
UNLOCK (g_mutex_unlock, GMutex)
LOCK (g_rec_mutex_lock, GRecMutex)
TRY_LOCK (g_rec_mutex_trylock, GRecMutex)
UNLOCK (g_rec_mutex_unlock, GRecMutex)
LOCK (g_rw_lock_writer_lock, GRWLock)
TRY_LOCK (g_rw_lock_writer_trylock, GRWLock)
UNLOCK (g_rw_lock_writer_unlock, GRWLock)
LOCK (g_rw_lock_reader_lock, GRWLock)
TRY_LOCK (g_rw_lock_reader_trylock, GRWLock)
UNLOCK (g_rw_lock_reader_unlock, GRWLock)

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  RELEASE (mutex);
  REAL (g_cond_wait) (cond, mutex);
  ACQUIRE (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  RELEASE (mutex);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  ACQUIRE (mutex);
  return signalled;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  RELEASE (location);
  REAL (g_once_init_leave) (location, result);
}

gboolean (g_once_init_enter) (volatile void *location)
{
  const gboolean first = REAL (g_once_init_enter) (location);

  if (!first)
    ACQUIRE (location);
  return first;
}

/* --- Counts of references: whoever drops the last one has seen what the others did --- */

#define UNREF(name, Type)                                                                          \
  void (name) (Type thing)                                                                         \
  {                                                                                                \
    ACQUIRE (thing);                                                                               \
    RELEASE (thing);                                                                               \
    REAL (name) (thing);                                                                           \
  }

UNREF (g_object_unref, gpointer)
UNREF (gst_mini_object_unref, GstMiniObject *)
UNREF (g_bytes_unref, GBytes *)
UNREF (g_closure_unref, GClosure *)
UNREF (dex_unref, gpointer)

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  gboolean last;

  RELEASE (count);
  last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    ACQUIRE (count);
  return last;
}

gpointer (g_weak_ref_get) (GWeakRef *weak)
{
  const gpointer object = REAL (g_weak_ref_get) (weak);

  ACQUIRE (weak);
  if (object != NULL)
    ACQUIRE (object);
  return object;
}

void
g_weak_ref_set (GWeakRef *weak, gpointer object)
{
  RELEASE (weak);
  REAL (g_weak_ref_set) (weak, object);
}

/* --- Functions that run elsewhere or later --- */

typedef struct {
  GCallback func;
  gpointer data;
  GDestroyNotify destroy;
} Hop;

static Hop *
hop_new (GCallback func, gpointer data, GDestroyNotify destroy)
{
  Hop *hop = g_new (Hop, 1);

  *hop = (Hop) { func, data, destroy };
  RELEASE (hop);
  return hop;
}

static void
hop_free (gpointer data)
{
  Hop *hop = data;

  ACQUIRE (hop);
  if (hop->destroy != NULL)
    hop->destroy (hop->data);
  g_free (hop);
}

static gboolean
hop_source_cb (gpointer data)
{
  Hop *hop = data;
  gboolean again;

  ACQUIRE (hop);
  again = ((GSourceFunc) hop->func) (hop->data);
  RELEASE (hop);
  return again;
}

guint
g_idle_add_full (int priority, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  return REAL (g_idle_add_full) (priority,
                                 hop_source_cb,
                                 hop_new (G_CALLBACK (func), data, destroy),
                                 hop_free);
}

/* Not wrapped, as the callbacks of other sources take other arguments: a task is what such a source is given. */
void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  if (data != NULL)
    RELEASE (data);
  REAL (g_source_set_callback) (source, func, data, destroy);
}

gpointer
g_task_get_task_data (GTask *task)
{
  ACQUIRE (task);
  return REAL (g_task_get_task_data) (task);
}

void
g_main_context_invoke_full (
  GMainContext *context, int priority, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  REAL (g_main_context_invoke_full) (
    context, priority, hop_source_cb, hop_new (G_CALLBACK (func), data, destroy), hop_free);
}

static int ended; /* of whichever thread */

static gpointer
hop_thread_cb (gpointer data)
{
  Hop *hop = data;
  gpointer result;

  ACQUIRE (hop);
  result = ((GThreadFunc) hop->func) (hop->data);
  RELEASE (&ended);
  g_free (hop);
  return result;
}

GThread *
g_thread_new (const char *name, GThreadFunc func, gpointer data)
{
  return REAL (g_thread_new) (name, hop_thread_cb, hop_new (G_CALLBACK (func), data, NULL));
}

gpointer
g_thread_join (GThread *thread)
{
  const gpointer result = REAL (g_thread_join) (thread);

  ACQUIRE (&ended);
  return result;
}

/* What a pool's thread did is there for whoever waits for the pool's end. */
static void
hop_pool_cb (gpointer data, gpointer user_data)
{
  Hop *hop = user_data;

  ACQUIRE (hop);
  ACQUIRE (data);
  ((GFunc) hop->func) (data, hop->data);
  RELEASE (hop);
}

GThreadPool *
g_thread_pool_new (
  GFunc func, gpointer user_data, int max_threads, gboolean exclusive, GError **error)
{
  return REAL (g_thread_pool_new) (
    hop_pool_cb, hop_new (G_CALLBACK (func), user_data, NULL), max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  RELEASE (data);
  return REAL (g_thread_pool_push) (pool, data, error);
}

void
g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait)
{
  Hop *hop = pool->user_data;
  const gboolean ours = pool->func == hop_pool_cb;

  REAL (g_thread_pool_free) (pool, immediate, wait);
  if (wait && ours)
    ACQUIRE (hop);
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  RELEASE (queue);
  REAL (g_async_queue_push) (queue, data);
}

#define POP(name, ...)                                                                             \
  {                                                                                                \
    const gpointer data = REAL (name) (__VA_ARGS__);                                               \
    ACQUIRE (queue);                                                                               \
    return data;                                                                                   \
  }
gpointer
g_async_queue_pop (GAsyncQueue *queue) POP (g_async_queue_pop, queue)

  gpointer g_async_queue_try_pop (GAsyncQueue *queue) POP (g_async_queue_try_pop, queue)

    gpointer g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
      POP (g_async_queue_timeout_pop, queue, timeout)

  /* --- GTask --- */

  static GTaskThreadFunc task_func (GTask *task)
{
  return (GTaskThreadFunc) g_object_get_data (G_OBJECT (task), "tsan-shim-func");
}

static void
task_thread_cb (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  ACQUIRE (task);
  task_func (task) (task, source, data, cancellable);
  RELEASE (task);
}

void
g_task_run_in_thread (GTask *task, GTaskThreadFunc func)
{
  g_object_set_data (G_OBJECT (task), "tsan-shim-func", (gpointer) func);
  RELEASE (task);
  REAL (g_task_run_in_thread) (task, task_thread_cb);
}

#define RETURN(name, Type)                                                                         \
  void name (GTask *task, Type result)                                                             \
  {                                                                                                \
    RELEASE (task);                                                                                \
    REAL (name) (task, result);                                                                    \
  }
RETURN (g_task_return_boolean, gboolean)
RETURN (g_task_return_int, gssize)
RETURN (g_task_return_error, GError *)

void
g_task_return_pointer (GTask *task, gpointer result, GDestroyNotify destroy)
{
  RELEASE (task);
  REAL (g_task_return_pointer) (task, result, destroy);
}

#define PROPAGATE(name, Type)                                                                      \
  Type name (GTask *task, GError **error)                                                          \
  {                                                                                                \
    Type result = REAL (name) (task, error);                                                       \
    ACQUIRE (task);                                                                                \
    return result;                                                                                 \
  }
PROPAGATE (g_task_propagate_boolean, gboolean)
PROPAGATE (g_task_propagate_int, gssize)
PROPAGATE (g_task_propagate_pointer, gpointer)

/* --- libdex: one place stands for all futures --- */

static int futures;

static DexFuture *
hop_fiber_cb (gpointer data)
{
  Hop *hop = data;
  DexFuture *future;

  ACQUIRE (hop);
  future = ((DexFiberFunc) hop->func) (hop->data);
  RELEASE (&futures);
  RELEASE (hop);
  return future;
}

DexFuture *
dex_scheduler_spawn (DexScheduler *scheduler,
                     gsize stack_size,
                     DexFiberFunc func,
                     gpointer data,
                     GDestroyNotify destroy)
{
  return REAL (dex_scheduler_spawn) (
    scheduler, stack_size, hop_fiber_cb, hop_new (G_CALLBACK (func), data, destroy), hop_free);
}

static DexFuture *
hop_future_cb (DexFuture *future, gpointer data)
{
  Hop *hop = data;

  ACQUIRE (hop);
  ACQUIRE (&futures);
  return ((DexFutureCallback) hop->func) (future, hop->data);
}

#define CHAIN(name)                                                                                \
  DexFuture *name (DexFuture *future,                                                              \
                   DexFutureCallback callback,                                                     \
                   gpointer data,                                                                  \
                   GDestroyNotify destroy)                                                         \
  {                                                                                                \
    return REAL (                                                                                  \
      name) (future, hop_future_cb, hop_new (G_CALLBACK (callback), data, destroy), hop_free);     \
  }
CHAIN (dex_future_then)
CHAIN (dex_future_catch)
CHAIN (dex_future_finally)

#define AWAIT(name, Type)                                                                          \
  Type name (DexFuture *future, GError **error)                                                    \
  {                                                                                                \
    Type result = REAL (name) (future, error);                                                     \
    ACQUIRE (&futures);                                                                            \
    return result;                                                                                 \
  }
AWAIT (dex_await, gboolean)
AWAIT (dex_await_boolean, gboolean)
AWAIT (dex_await_object, gpointer)
AWAIT (dex_await_boxed, gpointer)
AWAIT (dex_await_string, char *)

#define RESOLVE(name, ...)                                                                         \
  {                                                                                                \
    RELEASE (&futures);                                                                            \
    REAL (name) (__VA_ARGS__);                                                                     \
  }
void
dex_promise_resolve (DexPromise *promise, const GValue *value)
  RESOLVE (dex_promise_resolve, promise, value)

    void dex_promise_resolve_boolean (DexPromise *promise, gboolean value)
      RESOLVE (dex_promise_resolve_boolean, promise, value)

        void dex_promise_resolve_object (DexPromise *promise, gpointer value)
          RESOLVE (dex_promise_resolve_object, promise, value)

            void dex_promise_resolve_boxed (DexPromise *promise, GType type, gpointer value)
              RESOLVE (dex_promise_resolve_boxed, promise, type, value)

                void dex_promise_resolve_string (DexPromise *promise, char *value)
                  RESOLVE (dex_promise_resolve_string, promise, value)

                    void dex_promise_reject (DexPromise *promise, GError *error)
                      RESOLVE (dex_promise_reject, promise, error)
