/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-media-sender.h"
#include "media-loop.h"

#include <gst/base/gstpushsrc.h>

/* A camera that is ill in several ways, as GStreamer tells of it. */

typedef enum {
  HEALTHY,
  BUSY,
  DENIED,
  VANISHED,
  BROKEN,
} Illness;

static int illness; /* atomic */

/* --- The camera's element --- */

typedef struct {
  GstPushSrc parent_instance;
} SickSource;

typedef struct {
  GstPushSrcClass parent_class;
} SickSourceClass;

GType sick_source_get_type (void);
G_DEFINE_TYPE (SickSource, sick_source, GST_TYPE_PUSH_SRC)

static gboolean
is_healthy (SickSource *self)
{
  switch ((Illness) g_atomic_int_get (&illness)) {
  case HEALTHY:
    return TRUE;
  case BUSY:
    GST_ELEMENT_ERROR (self, RESOURCE, BUSY, ("in use"), (NULL));
    break;
  case DENIED:
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_AUTHORIZED, ("not for you"), (NULL));
    break;
  case VANISHED:
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND, ("not there"), (NULL));
    break;
  case BROKEN:
  default:
    GST_ELEMENT_ERROR (self, RESOURCE, READ, ("smoke"), (NULL));
    break;
  }
  return FALSE;
}

static gboolean
sick_source_start (GstBaseSrc *source)
{
  return is_healthy ((SickSource *) source);
}

static GstFlowReturn
sick_source_create (GstPushSrc *source, GstBuffer **buffer)
{
  if (!is_healthy ((SickSource *) source))
    return GST_FLOW_ERROR;

  *buffer = gst_buffer_new_allocate (NULL, 320 * 180 * 3 / 2, NULL);
  gst_buffer_memset (*buffer, 0, 128, 320 * 180 * 3 / 2);
  g_usleep (20000); /* what a driver does */
  return GST_FLOW_OK;
}

static void
sick_source_class_init (SickSourceClass *klass)
{
  static GstStaticPadTemplate template = GST_STATIC_PAD_TEMPLATE (
    "src",
    GST_PAD_SRC,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/x-raw,format=I420,width=320,height=180,framerate=20/1"));

  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &template);
  gst_element_class_set_static_metadata (
    GST_ELEMENT_CLASS (klass), "Sick", "Source", "Ill", "Confab");
  GST_BASE_SRC_CLASS (klass)->start = sick_source_start;
  GST_PUSH_SRC_CLASS (klass)->create = sick_source_create;
}

static void
sick_source_init (SickSource *self)
{
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_do_timestamp (GST_BASE_SRC (self), TRUE);
}

/* --- The camera, and who knows of it --- */

typedef struct {
  GstDevice parent_instance;
} SickDevice;

typedef struct {
  GstDeviceClass parent_class;
} SickDeviceClass;

GType sick_device_get_type (void);
G_DEFINE_TYPE (SickDevice, sick_device, GST_TYPE_DEVICE)

static GstElement *
sick_device_create_element (GstDevice *device, const char *name)
{
  return g_object_new (sick_source_get_type (), NULL);
}

static void
sick_device_class_init (SickDeviceClass *klass)
{
  GST_DEVICE_CLASS (klass)->create_element = sick_device_create_element;
}

static void
sick_device_init (SickDevice *self)
{
}

typedef struct {
  GstDeviceProvider parent_instance;
} SickProvider;

typedef struct {
  GstDeviceProviderClass parent_class;
} SickProviderClass;

GType sick_provider_get_type (void);
G_DEFINE_TYPE (SickProvider, sick_provider, GST_TYPE_DEVICE_PROVIDER)

static gboolean
sick_provider_start (GstDeviceProvider *provider)
{
  g_autoptr (GstCaps) caps = gst_caps_new_any ();

  gst_device_provider_device_add (provider,
                                  g_object_new (sick_device_get_type (),
                                                "display-name",
                                                "Sick camera",
                                                "device-class",
                                                "Video/Source",
                                                "caps",
                                                caps,
                                                NULL));
  return TRUE;
}

static void
sick_provider_stop (GstDeviceProvider *provider)
{
}

static void
sick_provider_class_init (SickProviderClass *klass)
{
  gst_device_provider_class_set_static_metadata (
    GST_DEVICE_PROVIDER_CLASS (klass), "Sick", "Source/Video", "Ill", "Confab");
  GST_DEVICE_PROVIDER_CLASS (klass)->start = sick_provider_start;
  GST_DEVICE_PROVIDER_CLASS (klass)->stop = sick_provider_stop;
}

static void
sick_provider_init (SickProvider *self)
{
}

/* --- The tests --- */

typedef struct {
  ConfabLocalMedia *media;
  ConfabDeviceProblem problem;
} Expected;

static gboolean
is_as_expected (gpointer data)
{
  const Expected *expected = data;
  ConfabStream *stream = confab_local_media_get_stream (expected->media);
  const gboolean has_video = confab_stream_get_has_video (stream);

  /* Others are told that it is off; the person has not turned it off. */
  g_assert_false (confab_stream_get_video_muted (stream));
  g_assert_cmpint (confab_stream_get_video_off (stream),
                   ==,
                   confab_local_media_get_problem (expected->media, CONFAB_DEVICE_KIND_CAMERA) !=
                     CONFAB_DEVICE_PROBLEM_NONE);
  return confab_local_media_get_problem (expected->media, CONFAB_DEVICE_KIND_CAMERA) ==
           expected->problem &&
         has_video == (expected->problem == CONFAB_DEVICE_PROBLEM_NONE);
}

static void
wait_problem (ConfabLocalMedia *media, ConfabDeviceProblem problem)
{
  Expected expected = { media, problem };

  loop_wait (is_as_expected, &expected, "what the camera has is told");
}

static gboolean
is_known (gpointer devices)
{
  return confab_media_devices_get_chosen (devices, CONFAB_DEVICE_KIND_CAMERA) != NULL;
}

static void
user_init (LoopUser *self)
{
  self->engine = confab_media_engine_new (CONFAB_MEDIA_SOURCE_DEVICES);
  confab_media_engine_set_drawing (self->engine, CONFAB_DRAWING_NONE);
  g_assert_true (confab_media_engine_set_video_format (self->engine, 320, 180, 20));
  confab_media_devices_get_devices (CONFAB_MEDIA_DEVICES (self->engine), CONFAB_DEVICE_KIND_CAMERA);
  loop_wait (is_known, self->engine, "the camera is known");
  self->media = confab_media_devices_open (CONFAB_MEDIA_DEVICES (self->engine), TRUE, FALSE);
}

static void
test_told (void)
{
  static const struct {
    Illness illness;
    ConfabDeviceProblem problem;
  } cases[] = {
    { BUSY, CONFAB_DEVICE_PROBLEM_BUSY },        { DENIED, CONFAB_DEVICE_PROBLEM_DENIED },
    { VANISHED, CONFAB_DEVICE_PROBLEM_MISSING }, { BROKEN, CONFAB_DEVICE_PROBLEM_FAILED },
    { HEALTHY, CONFAB_DEVICE_PROBLEM_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    LoopUser user;

    g_atomic_int_set (&illness, cases[i].illness);
    user_init (&user);
    wait_problem (user.media, cases[i].problem);
    /* Whoever turns the camera off has no problem with it. */
    confab_local_media_set_camera_muted (user.media, TRUE);
    g_assert_cmpint (confab_local_media_get_problem (user.media, CONFAB_DEVICE_KIND_CAMERA),
                     ==,
                     CONFAB_DEVICE_PROBLEM_NONE);
    loop_user_clear (&user);
  }
}

/* In a call: it is in use, gets free, breaks and heals. The call knows nothing of that. */
static void
test_heals (void)
{
  LoopUser user, other;
  LoopEnd a, b;

  g_atomic_int_set (&illness, BUSY);
  user_init (&user);
  loop_user_init (&other, "@erin:example.org");
  loop_end_init (&a, &user);
  loop_end_init (&b, &other);
  wait_problem (user.media, CONFAB_DEVICE_PROBLEM_BUSY);
  loop_connect (&a, &b);
  loop_wait_playing (&a);
  g_assert_null (loop_end_find_track (&b, CONFAB_MEDIA_KIND_VIDEO));

  g_atomic_int_set (&illness, HEALTHY);
  wait_problem (user.media, CONFAB_DEVICE_PROBLEM_NONE);
  loop_wait_more_frames (&b, 10);
  for (guint i = 0; i < 2; i++) {
    g_atomic_int_set (&illness, i == 0 ? BROKEN : VANISHED);
    wait_problem (user.media,
                  i == 0 ? CONFAB_DEVICE_PROBLEM_FAILED : CONFAB_DEVICE_PROBLEM_MISSING);
    g_atomic_int_set (&illness, HEALTHY);
    wait_problem (user.media, CONFAB_DEVICE_PROBLEM_NONE);
    loop_wait_more_frames (&b, 10);
  }
  loop_assert_sees (&a, &other);
  g_assert_cmpuint (a.n_local + b.n_local, ==, 2);

  loop_end_clear (&a);
  loop_end_clear (&b);
  loop_user_clear (&other);
  loop_user_clear (&user);
}

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);
  g_assert_true (gst_device_provider_register (
    NULL, "sickdeviceprovider", GST_RANK_PRIMARY, sick_provider_get_type ()));

  g_test_add_func ("/problems/told", test_told);
  g_test_add_func ("/problems/heals", test_heals);
  return g_test_run ();
}
