/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-worker.h"

struct _ConfabMediaWorker {
  GThreadPool *pool;
};

typedef struct {
  ConfabMediaWorkerFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Task;

static void
run_cb (gpointer data, gpointer user_data)
{
  g_autofree Task *task = data;

  task->func (task->data);
  if (task->destroy != NULL)
    task->destroy (task->data);
}

ConfabMediaWorker *
confab_media_worker_new (void)
{
  ConfabMediaWorker *self = g_new (ConfabMediaWorker, 1);

  self->pool = g_thread_pool_new (run_cb, NULL, 1, FALSE, NULL);
  return self;
}

/**
 * confab_media_worker_push:
 * @self: a worker
 * @func: what is to be done, after all that was pushed before
 * @data: for @func
 * @destroy: (nullable): frees @data, in the worker's thread
 */
void
confab_media_worker_push (ConfabMediaWorker *self,
                          ConfabMediaWorkerFunc func,
                          gpointer data,
                          GDestroyNotify destroy)
{
  Task *task = g_new (Task, 1);

  *task = (Task) { func, data, destroy };
  g_thread_pool_push (self->pool, task, NULL);
}

/**
 * confab_media_worker_free:
 * @self: a worker
 *
 * What was pushed is still done. May be called from one of its own tasks.
 */
void
confab_media_worker_free (ConfabMediaWorker *self)
{
  g_thread_pool_free (self->pool, FALSE, FALSE);
  g_free (self);
}
