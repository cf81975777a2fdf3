/**
 * The forms in which trackers keep values that are no scalars, as readers name them in `MediaRecord.mime`. `decodeMedia` knows each of them.
 * Pictures, sound, films, texts and pages have their usual type and are handed on as they are.
 */
export const trackerMimes = {
  /** TensorFlow's TensorProto: histograms of the second format, precision-recall curves. */
  tensor: 'application/x-protobuf; messageType=tensorflow.TensorProto',
  /** TensorFlow's HistogramProto: histograms of the first format. */
  histogramProto: 'application/x-protobuf; messageType=tensorflow.HistogramProto',
  /** `{"columns": […], "data": [[…]]}`: the file of a W&B table, and what MLflow's log_table writes. */
  splitTable: 'application/vnd.wandb.table+json',
  /** `{"_type": "histogram", "values": […], "bins": […]}` or with `packedBins` in the place of `bins`. */
  wandbHistogram: 'application/vnd.wandb.histogram+json',
  /** The same as the items of a history record into which W&B's own writer splits it: protocol buffer fields. */
  wandbItems: 'application/x-protobuf; messageType=wandb_internal.HistoryRecord',
  /** `{"_type": "trackio.table", "_value": [{…}]}`, or the list of rows alone. */
  recordTable: 'application/vnd.trackio.table+json',
  /** `{"_type": "trackio.histogram", "bins": […], "values": […]}`. */
  trackioHistogram: 'application/vnd.trackio.histogram+json',
  /** A list of `{"precision", "recall", "threshold"}`: DVCLive's plots/sklearn. */
  recordCurve: 'application/vnd.dvclive.precision-recall+json',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
} as const;

export type TrackerMime = (typeof trackerMimes)[keyof typeof trackerMimes];
