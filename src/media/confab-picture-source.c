/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-picture-source.h"

#include <gio/gio.h>
#include <gst/base/gstpushsrc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The bars take a quarter of the picture, half of it brighter, half of it darker than the rest, so that the
 * mean stays while they move. */
#define BAR_CONTRAST 36
#define BARS_PER_WIDTH 8
#define SECONDS_PER_WIDTH 6.5

#define MAX_SIDE 4096
#define MAX_HEADER 1024

/*
 * ConfabPictureSource:
 *
 * A live source of I420 pictures: bars that move over one colour, or the frames of a 4:2:0 y4m file in a
 * loop.
 */
typedef struct {
  GstPushSrc parent_instance;

  guint width;
  guint height;
  guint fps_n;
  guint fps_d;
  guint8 yuv[3];
  GMappedFile *file; /* NULL: bars */
  gsize first_frame; /* offset */
  gsize frame_header;
  guint n_file_frames;

  guint64 n_frames;
  GstClockTime start; /* running time of the first frame */
} ConfabPictureSource;

typedef struct {
  GstPushSrcClass parent_class;
} ConfabPictureSourceClass;

GType confab_picture_source_get_type (void);
G_DEFINE_TYPE (ConfabPictureSource, confab_picture_source, GST_TYPE_PUSH_SRC)

static gsize
frame_size (const ConfabPictureSource *self)
{
  return (gsize) self->width * self->height * 3 / 2;
}

static void
draw_bars (const ConfabPictureSource *self, guint8 *data)
{
  const double seconds = (double) self->n_frames * self->fps_d / self->fps_n;
  const guint bar = MAX (self->width / BARS_PER_WIDTH, 1);
  const guint offset = (guint) fmod (seconds / SECONDS_PER_WIDTH * self->width, self->width);
  const gsize pixels = (gsize) self->width * self->height;

  memset (data, self->yuv[0], self->width);
  for (guint x = 0; x < bar; x++) {
    data[(offset + x) % self->width] = self->yuv[0] + BAR_CONTRAST;
    data[(offset + self->width / 2 + x) % self->width] = self->yuv[0] - BAR_CONTRAST;
  }
  for (guint y = 1; y < self->height; y++)
    memcpy (data + (gsize) y * self->width, data, self->width);
  memset (data + pixels, self->yuv[1], pixels / 4);
  memset (data + pixels + pixels / 4, self->yuv[2], pixels / 4);
}

static GstFlowReturn
confab_picture_source_create (GstPushSrc *source, GstBuffer **buffer)
{
  ConfabPictureSource *self = (ConfabPictureSource *) source;
  const gsize size = frame_size (self);
  g_autofree guint8 *data = g_malloc (size);

  if (self->file != NULL) {
    const gsize stride = self->frame_header + size;
    const char *frames = g_mapped_file_get_contents (self->file) + self->first_frame;

    memcpy (data,
            frames + self->n_frames % self->n_file_frames * stride + self->frame_header,
            size);
  } else {
    draw_bars (self, data);
  }

  if (self->start == GST_CLOCK_TIME_NONE) {
    GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));

    self->start = now == GST_CLOCK_TIME_NONE ? 0 : now;
  }
  *buffer = gst_buffer_new_wrapped (g_steal_pointer (&data), size);
  GST_BUFFER_PTS (*buffer) = self->start + gst_util_uint64_scale (self->n_frames,
                                                                  GST_SECOND * self->fps_d,
                                                                  self->fps_n);
  GST_BUFFER_DURATION (*buffer) = gst_util_uint64_scale (GST_SECOND, self->fps_d, self->fps_n);
  self->n_frames++;
  return GST_FLOW_OK;
}

/* A live source gives a frame when its time has come: the base class waits for it. */
static void
confab_picture_source_get_times (GstBaseSrc *source,
                                 GstBuffer *buffer,
                                 GstClockTime *start,
                                 GstClockTime *end)
{
  *start = GST_BUFFER_PTS (buffer);
  *end = *start + GST_BUFFER_DURATION (buffer);
}

static gboolean
confab_picture_source_start (GstBaseSrc *source)
{
  ConfabPictureSource *self = (ConfabPictureSource *) source;

  self->n_frames = 0;
  self->start = GST_CLOCK_TIME_NONE;
  return TRUE;
}

static GstCaps *
confab_picture_source_get_caps (GstBaseSrc *source, GstCaps *filter)
{
  ConfabPictureSource *self = (ConfabPictureSource *) source;
  GstCaps *caps = gst_caps_new_simple ("video/x-raw",
                                       "format",
                                       G_TYPE_STRING,
                                       "I420",
                                       "width",
                                       G_TYPE_INT,
                                       (int) self->width,
                                       "height",
                                       G_TYPE_INT,
                                       (int) self->height,
                                       "framerate",
                                       GST_TYPE_FRACTION,
                                       (int) self->fps_n,
                                       (int) self->fps_d,
                                       "pixel-aspect-ratio",
                                       GST_TYPE_FRACTION,
                                       1,
                                       1,
                                       "colorimetry",
                                       G_TYPE_STRING,
                                       "bt601",
                                       NULL);
  GstCaps *filtered;

  if (filter == NULL)
    return caps;
  filtered = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return filtered;
}

static void
confab_picture_source_finalize (GObject *object)
{
  ConfabPictureSource *self = (ConfabPictureSource *) object;

  g_clear_pointer (&self->file, g_mapped_file_unref);
  G_OBJECT_CLASS (confab_picture_source_parent_class)->finalize (object);
}

static void
confab_picture_source_class_init (ConfabPictureSourceClass *klass)
{
  static GstStaticPadTemplate template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw,format=I420"));
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = confab_picture_source_finalize;
  base_class->start = confab_picture_source_start;
  base_class->get_caps = confab_picture_source_get_caps;
  base_class->get_times = confab_picture_source_get_times;
  GST_PUSH_SRC_CLASS (klass)->create = confab_picture_source_create;
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &template);
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
                                         "Picture source",
                                         "Source/Video",
                                         "Moving bars or a y4m file",
                                         "Confab");
}

static void
confab_picture_source_init (ConfabPictureSource *self)
{
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

/* One `W640`-like word of the header. */
static gboolean
parse_header_word (ConfabPictureSource *self, const char *word)
{
  guint64 number;
  guint n, d;

  switch (word[0]) {
  case 'W':
  case 'H':
    if (!g_ascii_string_to_unsigned (word + 1, 10, 2, MAX_SIDE, &number, NULL) || number % 2 != 0)
      return FALSE;
    *(word[0] == 'W' ? &self->width : &self->height) = number;
    return TRUE;
  case 'F':
    if (sscanf (word + 1, "%9u:%9u", &n, &d) != 2 || n == 0 || d == 0 || n / d > 240)
      return FALSE;
    self->fps_n = n;
    self->fps_d = d;
    return TRUE;
  case 'C':
    return g_str_has_prefix (word, "C420") && !g_str_has_prefix (word, "C420p1");
  default:
    return TRUE;
  }
}

static gboolean
parse_file (ConfabPictureSource *self)
{
  const char *data = g_mapped_file_get_contents (self->file);
  const gsize length = g_mapped_file_get_length (self->file);
  const char *end = length > 0 ? memchr (data, '\n', MIN (length, MAX_HEADER)) : NULL;
  const char *frame_end;
  g_autofree char *header = NULL;
  g_auto (GStrv) words = NULL;

  if (end == NULL)
    return FALSE;
  header = g_strndup (data, end - data);
  words = g_strsplit (header, " ", -1);
  if (g_strcmp0 (words[0], "YUV4MPEG2") != 0)
    return FALSE;
  for (guint i = 1; words[i] != NULL; i++) {
    if (!parse_header_word (self, words[i]))
      return FALSE;
  }

  self->first_frame = end + 1 - data;
  frame_end = memchr (end + 1, '\n', MIN (length - self->first_frame, MAX_HEADER));
  if (self->width == 0 || self->height == 0 || frame_end == NULL ||
      strncmp (end + 1, "FRAME", 5) != 0)
    return FALSE;
  self->frame_header = frame_end - end;
  self->n_file_frames = (length - self->first_frame) / (self->frame_header + frame_size (self));
  return self->n_file_frames > 0;
}

/**
 * confab_picture_source_new:
 * @rgb: the mean colour, each at least 60 from both ends
 * @width: in pixels, even
 * @height: in pixels, even
 * @fps: frames a second
 *
 * Returns: (transfer floating): a live source of I420 pictures
 */
GstElement *
confab_picture_source_new (const guint8 rgb[3], guint width, guint height, guint fps)
{
  ConfabPictureSource *self = g_object_new (confab_picture_source_get_type (), NULL);
  const double r = rgb[0], g = rgb[1], b = rgb[2];

  self->width = width;
  self->height = height;
  self->fps_n = fps;
  self->fps_d = 1;
  /* BT.601, limited range */
  self->yuv[0] = lround (16 + 0.2568 * r + 0.5041 * g + 0.0979 * b);
  self->yuv[1] = lround (128 - 0.1482 * r - 0.2910 * g + 0.4392 * b);
  self->yuv[2] = lround (128 + 0.4392 * r - 0.3678 * g - 0.0714 * b);
  return GST_ELEMENT (self);
}

/**
 * confab_picture_source_new_from_file:
 * @path: a y4m file with 8-bit 4:2:0 pictures
 * @fps: frames a second when the file does not say
 * @error: when it cannot be read, or is not that
 *
 * Returns: (transfer floating) (nullable): a live source that shows it over and over
 */
GstElement *
confab_picture_source_new_from_file (const char *path, guint fps, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);
  ConfabPictureSource *self;

  if (file == NULL)
    return NULL;

  self = g_object_new (confab_picture_source_get_type (), NULL);
  self->file = g_steal_pointer (&file);
  self->fps_n = fps;
  self->fps_d = 1;
  if (!parse_file (self)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is not a 4:2:0 y4m file", path);
    gst_object_unref (gst_object_ref_sink (self));
    return NULL;
  }
  return GST_ELEMENT (self);
}
