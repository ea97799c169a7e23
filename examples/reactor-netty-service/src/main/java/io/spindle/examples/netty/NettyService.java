// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.netty;

import io.spindle.cluster.Cluster;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import java.nio.file.Path;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * {@code java -jar reactor-netty-service.jar PORT DIRECTORY [WORKERS]}: without workers it serves in this process, with
 * workers in as many others. It is the same server.
 */
public final class NettyService {

    private static final int CLUSTERED = 3;
    private static final int THREADS = 8;

    private NettyService() {}

    /** Starts the service. */
    public static void main(String[] args) {
        if (args.length < CLUSTERED) {
            server(args).bindNow().onDispose().block();
            return;
        }
        int workers = Integer.parseInt(args[CLUSTERED - 1]);
        System.exit(Cluster.run(
                primary -> primary.workers(workers),
                worker -> server(args).runOn(worker.resources()).bindNow()));
    }

    private static HttpServer server(String[] args) {
        BlockingPool pool = BlockingPoolSpec.of("jdbc").threads(THREADS).start();
        WorkerPool workers = WorkerPoolSpec.of("compute").start();
        Path directory = Path.of(args[1]);
        Catalog catalog = Catalog.open(directory, pool);
        Routes routes = new Routes(new FileStore(directory, catalog), catalog, workers);
        return HttpServer.create()
                .host("127.0.0.1")
                .port(Integer.parseInt(args[0]))
                .doOnBound(NettyService::announce)
                .route(routes);
    }

    private static void announce(DisposableServer server) {
        System.out.println("process " + ProcessHandle.current().pid() + " serves port " + server.port());
    }
}
