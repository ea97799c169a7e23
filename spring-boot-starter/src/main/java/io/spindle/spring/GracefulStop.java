// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextAware;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ContextClosedEvent;
import reactor.core.scheduler.Scheduler;

/**
 * Lets a pool or loop finish what it has accepted when the context closes. It is in the phases of Spring's shutdown
 * behind the web server, whose requests may still need the pool, and so under {@code
 * spring.lifecycle.timeout-per-shutdown-phase}; what is left then is ended by the bean's destroy method.
 *
 * <p>A context that is stopped or paused goes on later, so only a closing one counts.
 */
final class GracefulStop implements SmartLifecycle, ApplicationListener<ContextClosedEvent>, ApplicationContextAware {

    /** After the web server, which stops in the phases from {@code Integer.MAX_VALUE - 2048} on. */
    static final int PHASE = 0;

    private final Scheduler resource;
    private @Nullable ApplicationContext context;
    private volatile boolean running;
    private volatile boolean closing;

    GracefulStop(Scheduler resource) {
        this.resource = resource;
    }

    @Override
    public void setApplicationContext(ApplicationContext applicationContext) {
        context = applicationContext;
    }

    @Override
    public void onApplicationEvent(ContextClosedEvent event) {
        closing |= event.getApplicationContext().equals(context); // a child's close is not ours
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public void stop(Runnable callback) {
        running = false;
        if (closing) {
            resource.disposeGracefully().subscribe(null, failed -> callback.run(), callback);
        } else {
            callback.run();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
