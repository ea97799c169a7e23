// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.offload.Distance;
import io.spindle.offload.OnFull;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import io.spindle.process.Command;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.core.task.TaskExecutor;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

@ExtendWith(LeakCheck.class)
class SpindleAutoConfigurationTest {

    private final ApplicationContextRunner context =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(SpindleAutoConfiguration.class));

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Configuration(proxyBeanMethods = false)
    static class OwnPool {

        @Bean(destroyMethod = "dispose")
        BlockingPool own() {
            return BlockingPoolSpec.of("own").threads(1).start();
        }
    }

    @Test
    void aRealApplicationFindsTheAutoConfigurationByItself() {
        try (ConfigurableApplicationContext started = new SpringApplicationBuilder(Application.class)
                .properties(Map.of("spring.main.banner-mode", "off", "spring.main.web-application-type", "none"))
                .run()) {
            BlockingPool pool = started.getBean(BlockingPool.class);
            assertThat(pool.call(() -> Thread.currentThread().getName()).block(Duration.ofSeconds(20)))
                    .startsWith("offload");
        }
    }

    @Test
    void theProgramOfTheReadmeRuns() {
        try (ConfigurableApplicationContext started = new SpringApplicationBuilder(
                        ReadmeApplication.Application.class, ReadmeApplication.Prices.class)
                .properties(Map.of("spring.main.banner-mode", "off", "spring.main.web-application-type", "none"))
                .run()) {
            assertThat(started.getBean(ReadmeApplication.Prices.class)
                            .price("42")
                            .block(Duration.ofSeconds(20)))
                    .isEqualTo(42);
        }
    }

    @Test
    void thePoolsHaveTheDefaultsAndAreDisposedWithTheContext() {
        List<Disposable> pools = new ArrayList<>();
        context.run(started -> {
            BlockingPool blocking = started.getBean(BlockingPool.class);
            WorkerPool workers = started.getBean(WorkerPool.class);
            assertThat(blocking.name()).isEqualTo("offload");
            assertThat(blocking.threads()).isEqualTo(BlockingPoolSpec.of("x").threads());
            assertThat(workers.name()).isEqualTo("compute");
            assertThat(workers.metrics().threads()).isZero();
            assertThat(started).doesNotHaveBean(EventLoop.class);
            pools.addAll(List.of(blocking, workers));
        });

        assertThat(pools).hasSize(2).allMatch(Disposable::isDisposed);
    }

    @Test
    void propertiesMakeThePools() {
        AtomicReference<BlockingPoolSpec> blocking = new AtomicReference<>();
        AtomicReference<WorkerPoolSpec> workers = new AtomicReference<>();
        context.withBean(BlockingPoolCustomizer.class, () -> spec -> seen(blocking, spec))
                .withBean(WorkerPoolCustomizer.class, () -> spec -> seen(workers, spec))
                .withPropertyValues(
                        "spindle.offload.threads=3",
                        "spindle.offload.queue-capacity=7",
                        "spindle.offload.keep-alive=2s",
                        "spindle.offload.on-full=wait",
                        "spindle.offload.virtual-threads=true",
                        "spindle.worker.min-threads=2",
                        "spindle.worker.max-threads=5",
                        "spindle.worker.queue-capacity=9",
                        "spindle.worker.idle-timeout=3s",
                        "spindle.worker.on-full=drop-oldest",
                        "spindle.worker.grace=4s")
                .run(started -> {
                    assertThat(started).hasNotFailed();
                    assertThat(started.getBean(BlockingPool.class).threads()).isEqualTo(3);
                    assertThat(blocking.get())
                            .returns(3, BlockingPoolSpec::threads)
                            .returns(7, BlockingPoolSpec::queueCapacity)
                            .returns(Duration.ofSeconds(2), BlockingPoolSpec::keepAlive)
                            .returns(OnFull.WAIT, BlockingPoolSpec::onFull)
                            .returns(true, BlockingPoolSpec::virtualThreads);
                    assertThat(started.getBean(WorkerPool.class).metrics().threads())
                            .isEqualTo(2);
                    assertThat(started.getBean(SpindleWorkerProperties.class))
                            .isEqualTo(new SpindleWorkerProperties(
                                    2,
                                    5,
                                    9,
                                    Duration.ofSeconds(3),
                                    OnFull.DROP_OLDEST,
                                    Distance.THREAD,
                                    List.of(),
                                    Duration.ofSeconds(4)));
                });
    }

    @Test
    void aPropertyMovesTheTasksToOtherProcesses() {
        AtomicReference<WorkerPoolSpec> workers = new AtomicReference<>();
        context.withBean(WorkerPoolCustomizer.class, () -> spec -> seen(workers, spec))
                .withPropertyValues(
                        "spindle.worker.distance=process", "spindle.worker.jvm-args=-Xmx64m,-XX:+UseSerialGC")
                .run(started -> {
                    assertThat(started).hasNotFailed();
                    assertThat(workers.get())
                            .returns(Distance.PROCESS, WorkerPoolSpec::distance)
                            .returns(List.of("-Xmx64m", "-XX:+UseSerialGC"), WorkerPoolSpec::jvmArgs);
                });
    }

    private static <T> T seen(AtomicReference<T> reference, T spec) {
        reference.set(spec);
        return spec;
    }

    @Test
    void moreThreadsAtLeastThanProcessorsNeedNoUpperBound() {
        SpindleWorkerProperties many = new SpindleWorkerProperties(
                1000, null, 1, Duration.ZERO, OnFull.REJECT, Distance.THREAD, List.of(), Duration.ZERO);

        assertThat(many.threads()).isEqualTo(1000);
    }

    @Test
    void theEventLoopIsThereWhenAskedForWithItsProperties() {
        AtomicReference<EventLoopSpec> spec = new AtomicReference<>();
        EventLoop[] loop = new EventLoop[1];
        context.withBean(EventLoopCustomizer.class, () -> before -> seen(spec, before.name("mine")))
                .withPropertyValues(
                        "spindle.loop.enabled=true",
                        "spindle.loop.native-transport=false",
                        "spindle.loop.spin=10us",
                        "spindle.loop.blocked-threshold=250ms",
                        "spindle.loop.blocked-interval=2s",
                        "spindle.loop.callback-timing=true")
                .run(started -> {
                    loop[0] = started.getBean(EventLoop.class);
                    assertThat(loop[0].name()).isEqualTo("mine");
                    assertThat(spec.get())
                            .returns(false, EventLoopSpec::nativeTransport)
                            .returns(Duration.ofNanos(10_000), EventLoopSpec::spin)
                            .returns(Duration.ofMillis(250), EventLoopSpec::blockedThreshold)
                            .returns(Duration.ofSeconds(2), EventLoopSpec::blockedInterval)
                            .returns(true, EventLoopSpec::callbackTiming);
                });

        assertThat(loop[0].isDisposed()).isTrue();
    }

    @Test
    void commandsHaveTheLimitsOfTheProperties() {
        context.withPropertyValues(
                        "spindle.process.timeout=7s",
                        "spindle.process.idle-timeout=6s",
                        "spindle.process.grace=3s",
                        "spindle.process.drain=1s",
                        "spindle.process.max-buffer=1KB")
                .run(started -> {
                    Command command = started.getBean(Commands.class).of("echo", "a", "b c");
                    assertThat(command.line()).containsExactly("echo", "a", "b c");
                    assertThat(command)
                            .returns(Duration.ofSeconds(7), Command::timeout)
                            .returns(Duration.ofSeconds(6), Command::idleTimeout)
                            .returns(Duration.ofSeconds(3), Command::grace)
                            .returns(1024L, Command::maxBuffer);
                });
        context.run(started -> assertThat(started.getBean(Commands.class).of("echo"))
                .returns(Duration.ZERO, Command::timeout)
                .returns(Command.of("echo").maxBuffer(), Command::maxBuffer)
                .returns(Command.of("echo").grace(), Command::grace));
    }

    @Test
    void customizersChangeWhatThePropertiesMadeInTheirOrder() {
        context.withBean("second", BlockingPoolCustomizer.class, () -> new Twice(2))
                .withBean("first", BlockingPoolCustomizer.class, () -> new Twice(1))
                .withPropertyValues("spindle.offload.threads=3")
                .run(started -> assertThat(started.getBean(BlockingPool.class).threads())
                        .isEqualTo((3 * 2 + 1) * 2 + 2));
    }

    /** Doubles the threads and adds its place. */
    private record Twice(int place) implements BlockingPoolCustomizer, Ordered {

        @Override
        public BlockingPoolSpec customize(BlockingPoolSpec spec) {
            return spec.threads(spec.threads() * 2 + place);
        }

        @Override
        public int getOrder() {
            return place;
        }
    }

    @Test
    void beansOfTheUserReplaceOurs() {
        Commands own = line -> Command.of("true");
        context.withUserConfiguration(OwnPool.class)
                .withBean(
                        WorkerPool.class,
                        () -> WorkerPoolSpec.of("mine").start(),
                        bean -> bean.setDestroyMethodName("dispose"))
                .withBean(EventLoop.class, () -> EventLoop.create("its"), bean -> bean.setDestroyMethodName("dispose"))
                .withBean(Commands.class, () -> own)
                .withPropertyValues("spindle.loop.enabled=true")
                .run(started -> {
                    assertThat(started).getBean(BlockingPool.class).returns("own", BlockingPool::name);
                    assertThat(started).getBean(WorkerPool.class).returns("mine", WorkerPool::name);
                    assertThat(started).getBean(EventLoop.class).returns("its", EventLoop::name);
                    assertThat(started).getBean(Commands.class).isSameAs(own);
                    assertThat(started).doesNotHaveBean(GracefulStop.class);
                });
    }

    @Test
    void aSchedulerOfTheUserIsStillTheOne() {
        Scheduler own = Schedulers.newSingle("users", true);
        context.withBean("own", Scheduler.class, () -> own, bean -> bean.setDestroyMethodName("dispose"))
                .run(started -> assertThat(
                                started.getBeanProvider(Scheduler.class).getObject())
                        .isSameAs(own));
    }

    @Test
    void theMasterSwitchTurnsEverythingOff() {
        context.withPropertyValues("spindle.enabled=false", "spindle.loop.enabled=true")
                .run(started -> {
                    assertThat(started).doesNotHaveBean(Scheduler.class);
                    assertThat(started).doesNotHaveBean(Commands.class);
                });
    }

    @Test
    void aClosingContextWaitsForWhatThePoolHasAccepted() {
        CountDownLatch closing = new CountDownLatch(1);
        AtomicReference<String> done = new AtomicReference<>("nothing");
        context.withInitializer(
                        starting -> starting.addApplicationListener((ContextClosedEvent event) -> closing.countDown()))
                .run(started -> {
                    BlockingPool pool = started.getBean(BlockingPool.class);
                    CountDownLatch runs = new CountDownLatch(1);
                    pool.run(() -> {
                                runs.countDown();
                                awaitQuietly(closing);
                                done.set(isInterruptedSoon() ? "interrupted" : "all");
                            })
                            .subscribe();
                    awaitQuietly(runs);
                });

        assertThat(done).hasValue("all");
    }

    @Test
    void aContextThatIsStoppedGoesOnLater() {
        context.run(started -> {
            ConfigurableApplicationContext application = started.getSourceApplicationContext();
            application.stop();
            application.start();
            assertThat(started.getBean(BlockingPool.class).call(() -> 1).block(Duration.ofSeconds(20)))
                    .isEqualTo(1);
        });
    }

    private static boolean isInterruptedSoon() {
        try {
            return new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void bootsOwnTaskExecutorStays() {
        context.withConfiguration(AutoConfigurations.of(TaskExecutionAutoConfiguration.class))
                .run(started -> assertThat(started).hasSingleBean(TaskExecutor.class));
    }
}
