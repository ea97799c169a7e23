// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import reactor.core.scheduler.Schedulers;

/**
 * Runs one program in several JVMs.
 *
 * <pre>{@code
 * public static void main(String[] args) {
 *     System.exit(Cluster.run(
 *             primary -> primary.workers(2),
 *             worker -> HttpServer.create().runOn(worker.resources()).port(3000).handle(…).bindNow()));
 * }
 * }</pre>
 *
 * <p>The program starts as the primary. The primary starts the same program again for each worker; there the same call
 * to {@code run} finds that it is in a worker. Node analogue: the {@code cluster} module with its
 * {@code if (cluster.isPrimary)}.
 *
 * @since 0.1.0
 */
public final class Cluster {

    private static final Optional<Role> ROLE = Role.current();

    private Cluster() {}

    /** Returns whether this process was forked by a primary. Node analogue: {@code cluster.isWorker}. */
    public static boolean isWorker() {
        return ROLE.isPresent();
    }

    /**
     * Runs a clustered program and blocks until its end.
     *
     * <p>In the <b>primary</b> it forks the workers, replaces those that die, and returns when none is left. TERM and INT
     * let the workers drain, a second one of them kills the workers at once. A service manager that is named by {@code
     * NOTIFY_SOCKET}, as systemd does, is told when the cluster is ready, reloads and stops, and its watchdog is answered.
     * {@code worker} is not called. In a <b>worker</b> it calls
     * {@code worker} on the calling thread and does not return: the JVM exits when the worker has drained (0), when
     * {@code worker} throws (1), or when the primary has gone (0), within five seconds even if its loops are blocked.
     *
     * @param primary describes the cluster
     * @param worker starts the servers and returns
     * @return the exit code of the program, in the primary
     * @throws ClusterException if the cluster cannot start or its workers end again and again; its message is one line
     * @throws UnsupportedOperationException where descriptors cannot be passed: Linux with epoll is required
     * @throws IllegalStateException if the calling thread must not block, or is interrupted while it waits: the workers
     *     are killed
     */
    public static int run(UnaryOperator<PrimarySpec> primary, Consumer<? super WorkerContext> worker) {
        Objects.requireNonNull(primary, "primary");
        Objects.requireNonNull(worker, "worker");
        if (Schedulers.isInNonBlockingThread()) {
            throw new IllegalStateException("Cluster.run blocks until the cluster has ended, and the thread "
                    + Thread.currentThread().getName() + " must not block");
        }
        if (ROLE.isPresent()) {
            throw WorkerMain.run(ROLE.get(), worker);
        }
        return await(new PrimaryMain(primary.apply(PrimarySpec.create())));
    }

    private static int await(PrimaryMain main) {
        try {
            Integer code = main.exit().get();
            assert code != null : "a primary ends with a code or an error";
            return code;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException known
                    ? known
                    : new ClusterException("the cluster cannot start: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            main.kill();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the end of the cluster", e);
        }
    }
}
