// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.cluster.Cluster;
import io.spindle.cluster.ClusterEvent;
import io.spindle.cluster.ClusterException;
import io.spindle.cluster.WorkerContext;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServer;

/** One port, served by several JVMs; a worker that dies is replaced. */
@Command(
        name = "cluster-hello",
        description = "Serves \"hello world\" from several worker processes on one port, until Ctrl-C.",
        mixinStandardHelpOptions = true)
final class ClusterHello implements Callable<Integer> {

    private static final int MAX_PORT = 65_535;

    /** Tells the tour who has answered. */
    static final String PID_HEADER = "worker-pid";

    @Spec
    private @org.jspecify.annotations.Nullable CommandSpec spec;

    @Option(
            names = "--port",
            defaultValue = "3000",
            description = "The port, 0 for any that is free. Default: ${DEFAULT-VALUE}")
    private int port;

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            description = "The address to listen on. Default: ${DEFAULT-VALUE}, this machine only")
    private String host = "";

    @Option(names = "--workers", description = "How many workers. Default: one for each processor")
    private int workers = Runtime.getRuntime().availableProcessors();

    @Override
    public Integer call() {
        check(port >= 0 && port <= MAX_PORT, "--port must be from 0 to 65535, was " + port);
        check(workers >= 1, "--workers must be at least 1, was " + workers);
        if (!Cluster.isWorker()) {
            System.out.println(
                    "Primary process with ID:" + ProcessHandle.current().pid() + " is running");
        }
        try {
            return Cluster.run(primary -> primary.workers(workers).onEvent(ClusterHello::print), this::serve);
        } catch (ClusterException e) {
            System.err.println("cluster-hello: " + e.getMessage());
            return e.exitCode();
        }
    }

    private void check(boolean valid, String message) {
        if (!valid && spec != null) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private static void print(ClusterEvent event) {
        if (event instanceof ClusterEvent.Listening listening) {
            System.out.println("worker process with ID:" + listening.worker().pid() + " started, listening on port "
                    + listening.port());
        } else if (event instanceof ClusterEvent.Exited exited) {
            System.out.println("worker process with ID:" + exited.worker().pid() + " exited");
        }
        if (System.out.checkError()) { // nobody reads what it says any more: a pipe to head, say
            new Thread(() -> System.exit(1), "cluster-hello-exit").start(); // this thread is needed for the end
        }
    }

    private void serve(WorkerContext worker) {
        String pid = String.valueOf(ProcessHandle.current().pid());
        HttpServer.create()
                .runOn(worker.resources())
                .host(host)
                .port(port)
                .handle((request, response) -> response.header(PID_HEADER, pid).sendString(Mono.just("hello world\n")))
                .bindNow();
    }
}
