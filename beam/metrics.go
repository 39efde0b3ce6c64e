package robertabeam

import "github.com/apache/beam/sdks/v2/go/pkg/beam"

// Metrics is the namespace of the metrics, that of Beam's RunInference.
const Metrics = "RunInference"

// The metrics have the names of RunInference (apache_beam/ml/inference/base.py), and a
// batch is what a bundle computes at once. There is no counter of single failures there.
var (
	inferences    = beam.NewCounter(Metrics, "num_inferences")
	failed        = beam.NewCounter(Metrics, "failed_inferences")
	failedBatches = beam.NewCounter(Metrics, "failed_batches_counter")
	batchSize     = beam.NewDistribution(Metrics, "inference_request_batch_size")
	batchBytes    = beam.NewDistribution(Metrics, "inference_request_batch_byte_size")
	batchLatency  = beam.NewDistribution(Metrics, "inference_batch_latency_micro_secs")
	loadLatency   = beam.NewDistribution(Metrics, "load_model_latency_milli_secs")
)
