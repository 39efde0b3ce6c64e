package robertabeam

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness/init" // has the flags of a worker
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
)

// What a runner passes to the command of an environment of type PROCESS, beside the SDK's --id.
var (
	provisionEndpoint = flag.String("provision_endpoint", "", "Where a worker that a runner started asks for its settings.")
	_                 = flag.String("artifact_endpoint", "", "Not used: a worker is the program itself.")
)

// Init is beam.Init, after flag.Parse, for a program that is its own worker. In such an environment,
//
//	--environment_type=PROCESS --environment_config='{"command":"/path/of/the/program"}'
//
// each TaskManager of Flink starts that command as a worker, and stops it. Beam's own launcher for Go, boot, copies the
// program at each start instead.
//
// If the program was started as a worker, Init does not return before there is an error, and the process ends with the
// one that started it; those of beam.Init stay, with their model, when a job on Flink has ended. Otherwise the
// running program becomes what is sent to workers that do not have it, unless --worker_binary names another.
// Call Init before a pipeline is made.
func Init() error {
	if !flag.Parsed() {
		flag.Parse()
	}
	if *provisionEndpoint != "" {
		if err := provision(context.Background()); err != nil {
			return fmt.Errorf("robertabeam: settings of the worker: %w", err)
		}
	} else if *jobopts.WorkerBinary == "" && !jobopts.IsLoopback() {
		var err error
		if *jobopts.WorkerBinary, err = os.Executable(); err != nil {
			return fmt.Errorf("robertabeam: the program for the workers: %w", err)
		}
	}
	if is, _ := strconv.ParseBool(flag.Lookup("worker").Value.String()); is {
		go followParent(os.Getppid())
	}
	beam.Init()
	return nil
}

// followParent ends the process when its parent is another one, as after the death of the first.
func followParent(parent int) {
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(0)
}

// provision asks the runner for a worker's settings and leaves them where the SDK's worker looks for them.
func provision(ctx context.Context) error {
	info, err := tools.ProvisionInfo(grpcx.WriteWorkerID(ctx, flag.Lookup("id").Value.String()), *provisionEndpoint)
	if err != nil {
		return err
	}
	options, err := tools.ProtoToJSON(info.GetPipelineOptions())
	if err != nil {
		return err
	}
	for _, f := range [][2]string{
		{"worker", "true"},
		{"logging_endpoint", info.GetLoggingEndpoint().GetUrl()},
		{"control_endpoint", info.GetControlEndpoint().GetUrl()},
		{"options", options},
	} {
		if err := flag.Set(f[0], f[1]); err != nil {
			return err
		}
	}
	if status := info.GetStatusEndpoint(); status != nil {
		os.Setenv("STATUS_ENDPOINT", status.GetUrl())
	}
	return os.Setenv("RUNNER_CAPABILITIES", strings.Join(info.GetRunnerCapabilities(), " "))
}
