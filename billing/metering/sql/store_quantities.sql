-- Stores the device time of the stored attempts. Parameters: file_id. Called by: billing.metering.services.
INSERT INTO billing_usagequantity (fact_id, device_class_id, device_milli, quantity_ms)
SELECT f.id, q.device_class_id, q.device_milli, q.quantity_ms
FROM staged_quantity AS q
INNER JOIN billing_usagefact AS f ON f.file_id = %(file_id)s AND q.line = f.line
WHERE q.device_class_id IS NOT NULL
ORDER BY f.id, q.device_class_id;
