// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the event loop.
 *
 * @param enabled Whether there is an event loop to inject.
 * @param nativeTransport Whether to use epoll where it is available.
 * @param spin How long at most the loop looks for new tasks before it sleeps.
 * @param blockedThreshold How long one callback may hold the loop before it is reported. Zero never reports.
 * @param blockedInterval After how long a callback that still holds the loop is reported again.
 * @param callbackTiming Whether to time each callback, to find the slowest.
 * @since 0.1.0
 */
@ConfigurationProperties("spindle.loop")
public record SpindleLoopProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue("true") boolean nativeTransport,
        @DefaultValue("50us") Duration spin,
        @DefaultValue("100ms") Duration blockedThreshold,
        @DefaultValue("1s") Duration blockedInterval,
        @DefaultValue("false") boolean callbackTiming) {

    /** Checks the bounds. */
    public SpindleLoopProperties {
        Rules.notNegative("spindle.loop.spin", spin);
        Rules.notNegative("spindle.loop.blocked-threshold", blockedThreshold);
        Rules.notLess("spindle.loop.blocked-interval", Duration.ofMillis(1), blockedInterval);
    }
}
