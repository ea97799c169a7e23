// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.loop.EventLoopSpec;

/**
 * Changes the description of the auto-configured event loop before it is started, after the properties were applied. Beans of this
 * type are called in their order; they are not called for a loop of the application's own.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface EventLoopCustomizer {

    /**
     * Returns the description to go on with.
     *
     * @param spec what the properties and earlier customizers have made
     */
    EventLoopSpec customize(EventLoopSpec spec);
}
