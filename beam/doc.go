// Package robertabeam runs pipelines over the collections of Apache Beam: as many texts as
// there are, on the machines that an engine has. The same program runs on one machine by
// Beam's Prism runner, and on Flink, Spark or Dataflow. It is Go to the bottom: no Python,
// no expansion service.
//
//	func init() { robertabeam.RegisterModel("pocket", pocket.Open) }
//
//	p, s := beam.NewPipelineWithRoot()
//	lines, unread := robertabeam.ReadLines(s, "texts/*.jsonl", 0)
//	labels, failures := robertabeam.Classify(s, robertabeam.Config{Model: "/models/sentiment"}, lines)
//	robertabeam.WriteLines[[]pipeline.Label](s, "out/", robertabeam.NoCompression, labels)
//	robertabeam.WriteFailures(s, "out/", robertabeam.NoCompression, unread, failures)
//	err := beamx.Run(ctx, p)
//
// # Transforms
//
// Embed, Classify, Tag, Answer, FillMask and Score are package pipeline's Embedder,
// Classifier, Tagger, Reader, Filler and Scorer; Run is what they are made of, and runs
// what RegisterTask was given. Elements are strings, pipeline.Input or pipeline.Question
// (for Answer), or KV of any key and one of these. Each transform has two outputs: Result
// and Failure, KV with the same keys if the input has keys. Every element is in one of
// them. A Failure holds the input and the error's text, and stops nothing. What stops a
// bundle, so that Beam tries it again, is a model that cannot be opened, an option that the
// task does not have, and a context that ends.
//
// Results have the bits that the pipeline gives alone, whatever the bundles, workers,
// threads and the instruction set. They keep the timestamp, the windows and the pane of
// their elements, in windows of every kind.
//
// As Beam's own functions do, transforms panic while a pipeline is made if they are used
// wrongly: for a collection of another type, or a task that is not registered.
//
// # Models
//
// Config.Model is a path on the workers, or a name that was registered. A worker process
// opens a model once, for all bundles that it computes at a time, and closes it when the
// last DoFn that uses it is torn down (which most runners leave to the end of the process).
// The model's files must stay as they are until then. A packed file (`roberta convert
// --packed`) is mapped, so that all processes of a machine share its pages. Bundles take turns with the
// model's threads: more bundles at a time do not mean more threads.
//
// # Bundles
//
// A bundle collects texts until they have Config.Hold bytes or are 4096, and at its end;
// they are then computed in batches by tokens (Config.Batch), and their results are emitted
// as they come. So a bundle of any size takes bounded memory. A bundle of one element
// computes one: give runners bundles of many.
//
// # Files
//
// ReadLines and WriteLines read and write lines of JSON as the roberta command does. What
// is written depends on the input alone, bit by bit. parquetio and other connectors of Beam
// work as with any transform: parquetio.Read holds a whole file in memory, and
// parquetio.Write writes one file, in no certain order.
//
// # Metrics
//
// In the namespace of Beam's RunInference: num_inferences, failed_batches_counter,
// inference_request_batch_size, inference_request_batch_byte_size,
// inference_batch_latency_micro_secs and load_model_latency_milli_secs; and
// failed_inferences for failures.
//
// docs/scale.md in the repository says how to run jobs on Flink, Spark and Dataflow, what
// they cost, and what fails how.
//
// References: Akidau et al., The Dataflow Model, 2015; apache_beam/ml/inference/base.py.
package robertabeam
