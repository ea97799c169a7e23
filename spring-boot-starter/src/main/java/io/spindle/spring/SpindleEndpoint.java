// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import java.util.Map;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/** {@code /actuator/spindle}: pools and loops, by kind and name. */
@Endpoint(id = "spindle")
final class SpindleEndpoint {

    private final Resources resources;

    SpindleEndpoint(Resources resources) {
        this.resources = resources;
    }

    @ReadOperation
    Map<String, Object> figures() {
        return resources.figures();
    }
}
