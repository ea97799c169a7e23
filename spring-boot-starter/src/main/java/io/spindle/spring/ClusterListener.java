// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.Cluster;
import io.spindle.cluster.PrimarySpec;
import io.spindle.process.Signal;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.event.ApplicationFailedEvent;
import org.springframework.boot.context.event.ApplicationPreparedEvent;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;

/**
 * Turns an application into a cluster, as soon as its environment is known and its log runs: in the primary {@code
 * SpringApplication.run} does not come back, in a worker it goes on as ever.
 */
final class ClusterListener implements ApplicationListener<ApplicationEvent>, Ordered {

    private static final Logger log = LoggerFactory.getLogger(ClusterListener.class);
    private static final String LOOPS = "reactor.netty.ioWorkerCount";
    private static final Duration BOOTS_GRACE = Duration.ofSeconds(30);

    private @Nullable WorkerApplication worker;

    @Override
    public int getOrder() {
        return LoggingApplicationListener.DEFAULT_ORDER + 1;
    }

    @Override
    public void onApplicationEvent(ApplicationEvent event) {
        if (event instanceof ApplicationEnvironmentPreparedEvent prepared) {
            begin(prepared.getEnvironment(), prepared.getSpringApplication());
        } else if (worker != null) {
            tell(worker, event);
        }
    }

    private void begin(Environment environment, SpringApplication application) {
        switch (ClusterMode.of(environment)) {
            case PRIMARY -> runPrimary(environment, application);
            case WORKER -> worker = WorkerApplication.joinOnce();
            case PLAIN -> log.trace("not clustered");
        }
    }

    private static void tell(WorkerApplication worker, ApplicationEvent event) {
        if (event instanceof ApplicationPreparedEvent prepared) {
            worker.prepared(prepared.getApplicationContext());
        } else if (event instanceof ApplicationFailedEvent failed) {
            worker.failed(failed.getException());
        } else if (event instanceof AvailabilityChangeEvent<?> change
                && change.getState() == ReadinessState.ACCEPTING_TRAFFIC) {
            worker.ready();
        }
    }

    /** Does not return. */
    private static void runPrimary(Environment environment, SpringApplication application) {
        refuseServlets(environment, application);
        PrimarySpec spec = spec(environment);
        log.info(
                "Cluster primary with PID {} starts {} workers",
                ProcessHandle.current().pid(),
                spec.workers());
        int code = Cluster.run(ignored -> spec, none -> {});
        System.exit(code);
    }

    private static void refuseServlets(Environment environment, SpringApplication application) {
        WebApplicationType type = environment.getProperty(
                "spring.main.web-application-type",
                WebApplicationType.class,
                Objects.requireNonNullElse(application.getWebApplicationType(), WebApplicationType.NONE));
        if (type == WebApplicationType.SERVLET) {
            throw new NotClusterableException();
        }
    }

    static PrimarySpec spec(Environment environment) {
        SpindleClusterProperties properties = ClusterMode.properties(environment);
        Duration grace = properties.grace() == null
                ? Binder.get(environment)
                        .bind("spring.lifecycle.timeout-per-shutdown-phase", Duration.class)
                        .orElse(BOOTS_GRACE)
                : properties.grace();
        int workers = properties.count();
        ClusterAdmin admin = new ClusterAdmin();
        PrimarySpec spec = PrimarySpec.create()
                .workers(workers)
                .grace(grace)
                .startTimeout(properties.startTimeout())
                .watch(properties.watch())
                .heartbeat(properties.heartbeat())
                .restart(properties.restart().policy())
                .recycling(properties.recycle().limits())
                .jvmArgs(properties.jvmArgs().toArray(String[]::new))
                .onRequest(ClusterAdmin.SUBJECT, admin::answer)
                .onRequest(ClusterAdmin.METERS, (primary, asked) -> ClusterAdmin.meters(primary));
        if (properties.reloadOnHup()) {
            spec = spec.reloadOn(Signal.HUP);
        }
        if (System.getProperty(LOOPS) != null) {
            return spec;
        }
        // Reactor Netty makes at least four loops, which is too many for a share of the machine
        int loops = Math.max(1, Runtime.getRuntime().availableProcessors() / workers);
        return spec.jvmArgs("-D" + LOOPS + "=" + loops);
    }
}
