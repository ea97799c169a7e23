// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.Cluster;
import io.spindle.cluster.WorkerContext;
import java.net.BindException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.publisher.Mono;

/**
 * An application in a worker. {@link Cluster#run} keeps its thread for ever and wants the program inside, while {@code
 * SpringApplication.run} must come back to the user's {@code main}: so the former gets a thread of its own, where "the
 * program" only says what the worker waits for: that the application is ready for traffic.
 */
final class WorkerApplication {

    private static final Duration UNTIL_REPORTED = Duration.ofSeconds(2);

    private static final AtomicBoolean JOINED = new AtomicBoolean();

    private final CompletableFuture<WorkerContext> context = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> ready = new CompletableFuture<>();

    /**
     * Connects to the primary. The JVM exits if it has gone.
     *
     * @return the application, or null if another one of this JVM, such as its parent, is it
     */
    static @Nullable WorkerApplication joinOnce() {
        if (!JOINED.compareAndSet(false, true)) {
            return null;
        }
        WorkerApplication application = new WorkerApplication();
        application.start(program -> Cluster.run(spec -> spec, program));
        WorkerMdc.install(application.context().id());
        return application;
    }

    /** @param cluster runs a program as a worker; it may throw, as the native transport may be missing */
    void start(Consumer<Consumer<WorkerContext>> cluster) {
        Thread thread = new Thread(() -> run(cluster), "spindle-cluster");
        thread.setDaemon(true); // an application that ends by itself may
        thread.start();
    }

    private void run(Consumer<Consumer<WorkerContext>> cluster) {
        try {
            cluster.accept(worker -> {
                worker.readyAfter(Mono.fromFuture(ready));
                context.complete(worker);
            });
            throw new IllegalStateException("a worker does not return, but did");
        } catch (Throwable e) {
            context.completeExceptionally(e); // else main would wait for ever
        }
    }

    /** Waits until it is connected. */
    WorkerContext context() {
        return context.join();
    }

    void prepared(ConfigurableApplicationContext application) {
        WorkerContext worker = context();
        application.getBeanFactory().registerSingleton("spindleWorker", worker);
        worker.onDrain().subscribe(null, null, () -> {
            keepAlive("spindle-drain", () -> {});
            AvailabilityChangeEvent.publish(application, ReadinessState.REFUSING_TRAFFIC);
        });
    }

    void ready() {
        ready.complete(null);
    }

    /**
     * Tells the primary, once {@code main} has ended: Boot explains the failure after this event, and the report ends the
     * JVM.
     */
    void failed(Throwable error) {
        Thread main = Thread.currentThread();
        keepAlive("spindle-failed", () -> {
            joinQuietly(main, UNTIL_REPORTED);
            ready.completeExceptionally(new StartFailedException(error));
        });
    }

    /**
     * From now on only the worker's own exit ends the JVM. Boot keeps it by one thread, which ends with the web server: a
     * drain closes that first, and the JVM would run its shutdown hooks while connections are still served.
     */
    private static void keepAlive(String name, Runnable first) {
        Thread thread = new Thread(
                () -> {
                    first.run();
                    joinQuietly(Thread.currentThread(), Duration.ZERO); // for ever
                },
                name);
        thread.setDaemon(false);
        thread.start();
    }

    private static void joinQuietly(Thread thread, Duration patience) {
        try {
            thread.join(patience.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the primary is told: one line, since Boot has explained the rest. */
    private static final class StartFailedException extends RuntimeException {

        StartFailedException(@Nullable Throwable error) {
            super(String.valueOf(error), bindFailure(error), false, false);
        }

        private static @Nullable Throwable bindFailure(@Nullable Throwable error) {
            Throwable cause = error;
            while (cause != null && !(cause instanceof BindException)) {
                cause = cause.getCause();
            }
            return cause;
        }
    }
}
